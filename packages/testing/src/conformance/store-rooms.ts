import type { Room } from "@roomkit/core";
import { check, checkRejects } from "./case.ts";
import { checkEqual } from "./equal.ts";
import type { StoreCase } from "./store-case.ts";
import { MADE_AT, sampleBinding, sampleEvent, sampleParticipant, sampleRoom, tamper } from "./store-samples.ts";

const WAIT_MS = 5_000;

export const roomCases: readonly StoreCase[] = [
  [
    "a store says for whom it is",
    async (store) => check(store.scope === "process" || store.scope === "shared", "scope must be process or shared"),
  ],
  [
    "a room is found as it was made, and no other is",
    async (store) => {
      const room = sampleRoom("r", {
        timers: { inactiveAfterMs: 5, closedAfterMs: 9 },
        metadata: { deep: { list: [1, "2"] } },
      });
      await store.createRoom(room);
      checkEqual(await store.getRoom("r"), room, "the room");
      check((await store.getRoom("other")) === undefined, "an unknown room must be undefined");
    },
  ],
  [
    "a room is made once",
    async (store) => {
      await store.createRoom(sampleRoom("r", { metadata: { first: true } }));
      await checkRejects(store.createRoom(sampleRoom("r")), "room_exists", WAIT_MS, "making a room twice");
      checkEqual((await store.getRoom("r"))?.metadata, { first: true }, "the first room's metadata");
    },
  ],
  [
    "a room made twice at once is made once",
    async (store) => {
      const tries = await Promise.allSettled([1, 2, 3, 4].map(() => store.createRoom(sampleRoom("r"))));
      checkEqual(tries.filter(({ status }) => status === "fulfilled").length, 1, "rooms made");
    },
  ],
  [
    "a patch changes what it names and counts the version",
    async (store) => {
      const room = sampleRoom("r", { timers: { inactiveAfterMs: 5 }, metadata: { a: 1 } });
      await store.createRoom(room);
      const paused: Room = { ...room, status: "paused", version: 1 };
      checkEqual(await store.patchRoom("r", { status: "paused" }, 0), paused, "what patchRoom gives");
      const metadata = { b: 2 };
      const moved: Room = { ...paused, metadata, timers: {}, lastActivityAt: MADE_AT + 7, version: 2 };
      await store.patchRoom("r", { metadata, timers: {}, lastActivityAt: MADE_AT + 7 }, 1);
      checkEqual(await store.getRoom("r"), moved, "the room after two patches");
    },
  ],
  [
    "a patch made from another version changes nothing",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      await store.patchRoom("r", { status: "paused" }, 0);
      for (const version of [0, 2]) {
        await checkRejects(
          store.patchRoom("r", { status: "closed" }, version),
          "conflict",
          WAIT_MS,
          "an outdated patch",
        );
      }
      await checkRejects(store.patchRoom("none", { status: "closed" }, 0), "unknown_room", WAIT_MS, "patching no room");
      checkEqual((await store.getRoom("r"))?.status, "paused", "the status");
    },
  ],
  [
    "of two patches made at once from one version, one wins",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const tries = await Promise.allSettled([1, 2, 3, 4].map((n) => store.patchRoom("r", { metadata: { n } }, 0)));
      checkEqual(tries.filter(({ status }) => status === "fulfilled").length, 1, "patches that won");
      checkEqual((await store.getRoom("r"))?.version, 1, "the version");
    },
  ],
  [
    "rooms are listed, all or by their status",
    async (store) => {
      for (const id of ["a", "b", "c"]) await store.createRoom(sampleRoom(id));
      await store.patchRoom("b", { status: "closed" }, 0);
      const ids = async (status?: Room["status"]): Promise<string[]> =>
        (await store.listRooms(status ? { status } : {})).map(({ id }) => id).sort();
      checkEqual(await ids(), ["a", "b", "c"], "all rooms");
      checkEqual(await ids("active"), ["a", "c"], "active rooms");
      checkEqual(await ids("closed"), ["b"], "closed rooms");
      checkEqual(await ids("archived"), [], "archived rooms");
    },
  ],
  [
    "a deleted room is gone with all that belonged to it",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      await store.commit("r", [sampleEvent("hello", { idempotencyKey: "k" })], { at: MADE_AT });
      await store.putBinding(sampleBinding("r", "voice"));
      await store.putParticipant(sampleParticipant("r", "ann"));
      await store.deleteRoom("r");
      await store.deleteRoom("r");
      check((await store.getRoom("r")) === undefined, "the room must be gone");
      await store.createRoom(sampleRoom("r"));
      const left = [await store.readEvents("r"), await store.listBindings("r"), await store.listParticipants("r")];
      checkEqual(left, [[], [], []], "what a new room of that name begins with");
      const again = await store.commit("r", [sampleEvent("again", { idempotencyKey: "k" })], { at: MADE_AT });
      checkEqual(
        [again.status, again.status === "committed" && again.events[0]?.index],
        ["committed", 0],
        "its first event",
      );
    },
  ],
  [
    "a store owns its rooms: what is done to them outside changes nothing in it",
    async (store) => {
      const room = sampleRoom("r", { metadata: { list: [1] } });
      await store.createRoom(room);
      tamper(() => (room.metadata.list as number[]).push(2));
      const given = (await store.getRoom("r")) as Room;
      tamper(() => (given.metadata.list as number[]).push(3));
      tamper(() => Object.assign(given, { status: "closed" }));
      const found = await store.getRoom("r");
      checkEqual([found?.metadata, found?.status], [{ list: [1] }, "active"], "the room in the store");
    },
  ],
];
