import { check } from "./case.ts";
import { checkEqual } from "./equal.ts";
import type { StoreCase } from "./store-case.ts";
import { MADE_AT, sampleEvent, sampleRoom, textsOf } from "./store-samples.ts";

export const idempotencyCases: readonly StoreCase[] = [
  [
    "the same key again gives back the original events and stores nothing",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      await store.commit("r", [sampleEvent("earlier")], { at: MADE_AT });
      const first = await store.commit("r", [sampleEvent("one", { idempotencyKey: "k" }), sampleEvent("two")], {
        at: MADE_AT,
      });
      await store.commit("r", [sampleEvent("later")], { at: MADE_AT });
      const again = await store.commit("r", [sampleEvent("other words", { idempotencyKey: "k" })], {
        at: MADE_AT + 99,
      });
      check(first.status === "committed", "the first commit must be committed");
      checkEqual(again, { status: "duplicate", events: first.events }, "what the second gives");
      checkEqual(textsOf(await store.readEvents("r")), ["earlier", "one", "two", "later"], "the log");
      const room = await store.getRoom("r");
      checkEqual([room?.eventCount, room?.lastActivityAt], [4, MADE_AT], "count and activity");
    },
  ],
  [
    "the same key many times at once is stored once",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          store.commit("r", [sampleEvent(`${n}`, { idempotencyKey: "k" })], { at: MADE_AT }),
        ),
      );
      checkEqual(results.filter(({ status }) => status === "committed").length, 1, "commits");
      checkEqual(results.filter(({ status }) => status === "duplicate").length, 7, "duplicates");
      const ids = results.flatMap((result) => ("events" in result ? result.events.map(({ id }) => id) : []));
      checkEqual(new Set(ids).size, 1, "events they gave");
      checkEqual((await store.readEvents("r")).length, 1, "events stored");
    },
  ],
  [
    "a key belongs to its room, and events without one are never the same",
    async (store) => {
      for (const id of ["a", "b"]) await store.createRoom(sampleRoom(id));
      const keyed = await Promise.all(
        ["a", "b"].map((id) => store.commit(id, [sampleEvent("x", { idempotencyKey: "k" })], { at: MADE_AT })),
      );
      checkEqual(
        keyed.map(({ status }) => status),
        ["committed", "committed"],
        "one key in two rooms",
      );
      for (let n = 0; n < 2; n++) await store.commit("a", [sampleEvent("same words")], { at: MADE_AT });
      checkEqual((await store.readEvents("a")).length, 3, "events in one room");
    },
  ],
  [
    "an event is found by its key",
    async (store) => {
      for (const id of ["a", "b"]) await store.createRoom(sampleRoom(id));
      await store.commit("a", [sampleEvent("x"), sampleEvent("y")], { at: MADE_AT });
      const blocked = sampleEvent("z", { idempotencyKey: "k", status: "blocked", blockedBy: "source_muted" });
      await store.commit("a", [blocked], { at: MADE_AT });
      checkEqual(await store.findByIdempotencyKey("a", "k"), { ...blocked, roomId: "a", index: 2 }, "the event");
      for (const [room, key] of [
        ["a", "other"],
        ["b", "k"],
        ["none", "k"],
      ] as const) {
        check(
          (await store.findByIdempotencyKey(room, key)) === undefined,
          `nothing must be found for ${key} in ${room}`,
        );
      }
    },
  ],
  [
    "a duplicate is recognised in a room that has closed, or refused as closed, and never stored",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      await store.commit("r", [sampleEvent("x", { idempotencyKey: "k" })], { at: MADE_AT });
      await store.patchRoom("r", { status: "closed" }, 0);
      const again = await store.commit("r", [sampleEvent("y", { idempotencyKey: "k" })], { at: MADE_AT });
      check(again.status !== "committed", "nothing may be committed to a closed room");
      checkEqual((await store.readEvents("r")).length, 1, "events stored");
    },
  ],
];
