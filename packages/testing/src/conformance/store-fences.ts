import { checkEqual } from "./equal.ts";
import type { StoreCase } from "./store-case.ts";
import { MADE_AT, sampleEvent, sampleRoom, textsOf } from "./store-samples.ts";

const at = MADE_AT;

export const fenceCases: readonly StoreCase[] = [
  [
    "a commit with a smaller fence than one before stores nothing, and is told the greater",
    async (store) => {
      for (const id of ["r", "other"]) await store.createRoom(sampleRoom(id));
      await store.commit("r", [sampleEvent("old holder")], { at, fence: 5 });
      await store.commit("r", [sampleEvent("new holder")], { at, fence: 1_700_000_000_000_007 });
      const stale = await store.commit("r", [sampleEvent("zombie", { idempotencyKey: "k" })], { at: at + 9, fence: 5 });
      checkEqual(stale, { status: "fenced", fence: 1_700_000_000_000_007 }, "what a stale commit gives");
      checkEqual(textsOf(await store.readEvents("r")), ["old holder", "new holder"], "the log");
      const room = await store.getRoom("r");
      checkEqual([room?.eventCount, room?.lastActivityAt], [2, MADE_AT], "count and activity");
      checkEqual(await store.findByIdempotencyKey("r", "k"), undefined, "what the stale commit's key finds");
      const elsewhere = await store.commit("other", [sampleEvent("x")], { at, fence: 1 });
      checkEqual(elsewhere.status, "committed", "a commit to another room");
    },
  ],
  [
    "the same fence again, and none, are taken",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      for (const fence of [7, 7, undefined, 7]) {
        checkEqual((await store.commit("r", [sampleEvent("x")], { at, fence })).status, "committed", `with ${fence}`);
      }
    },
  ],
  [
    "a commit of nothing raises the fence: who takes a room over shuts the others out at once",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      await store.commit("r", [], { at, fence: 3 });
      const stale = await store.commit("r", [sampleEvent("zombie")], { at, fence: 2 });
      checkEqual(stale, { status: "fenced", fence: 3 }, "what a stale commit gives");
      checkEqual(await store.commit("r", [], { at, fence: 2 }), { status: "fenced", fence: 3 }, "one of nothing");
    },
  ],
  [
    "a commit that names the index it must get is stored there or not at all, however often it comes",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const [one, two] = [sampleEvent("one"), sampleEvent("two", { idempotencyKey: "k" })];
      checkEqual((await store.commit("r", [one], { at, fence: 2, first: 0 })).status, "committed", "at its index");
      const again = await store.commit("r", [one], { at, fence: 2, first: 0 });
      checkEqual(again, { status: "moved", eventCount: 1 }, "the same once more");
      const early = await store.commit("r", [two], {
        at: at + 9,
        fence: 2,
        first: 2,
        outbox: [{ topic: "t", data: 1 }],
      });
      checkEqual(early, { status: "moved", eventCount: 1 }, "what would leave a gap");
      checkEqual((await store.getRoom("r"))?.lastActivityAt, MADE_AT, "activity");
      checkEqual((await store.outbox.claim(9, 1_000)).length, 0, "items of the outbox");
      checkEqual((await store.commit("r", [two], { at, fence: 2, first: 1 })).status, "committed", "the next");
      checkEqual((await store.commit("r", [two], { at, fence: 2, first: 1 })).status, "duplicate", "its key again");
      checkEqual((await store.commit("r", [], { at, fence: 2, first: 9 })).status, "moved", "one of nothing");
      const stale = await store.commit("r", [sampleEvent("x")], { at, fence: 1, first: 9 });
      checkEqual(stale.status, "fenced", "a smaller fence");
      const tries = [1, 2, 3, 4].map((n) =>
        store.commit("r", [sampleEvent(`at once ${n}`)], { at, fence: 2, first: 2 }),
      );
      const given = (await Promise.all(tries)).map(({ status }) => status);
      checkEqual(given.toSorted(), ["committed", "moved", "moved", "moved"], "several at once");
      checkEqual(
        (await store.readEvents("r")).map(({ index }) => index),
        [0, 1, 2],
        "the indexes",
      );
    },
  ],
  [
    "of commits with many fences at once none is stored after a greater one",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const fences = [3, 1, 5, 2, 4, 8, 6, 7];
      await Promise.all(fences.map((fence) => store.commit("r", [sampleEvent(`${fence}`)], { at, fence })));
      const stored = textsOf(await store.readEvents("r")).map(Number);
      checkEqual(
        stored,
        stored.toSorted((a, b) => a - b),
        "the order of the fences in the log",
      );
      checkEqual(stored.at(-1), 8, "the last one");
    },
  ],
];
