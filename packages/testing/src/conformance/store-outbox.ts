import type { OutboxItem } from "@roomkit/core";
import { settle } from "../settle.ts";
import { check } from "./case.ts";
import { checkEqual } from "./equal.ts";
import type { StoreCase } from "./store-case.ts";
import { MADE_AT, sampleEvent, sampleRoom } from "./store-samples.ts";

const at = MADE_AT;
const LONG_MS = 60_000;

export const outboxCases: readonly StoreCase[] = [
  [
    "what is committed with events is claimed, oldest first, by one at a time, until it is done",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      for (const n of [1, 2, 3]) {
        const outbox = [{ topic: "webhook", data: { n, list: [null, "ü"] } }];
        await store.commit("r", [sampleEvent(`${n}`)], { at, outbox });
      }
      const first = await store.outbox.claim(2, LONG_MS);
      checkEqual(
        first.map(({ roomId, topic, data, attempts }) => ({ roomId, topic, data, attempts })),
        [1, 2].map((n) => ({ roomId: "r", topic: "webhook", data: { n, list: [null, "ü"] }, attempts: 1 })),
        "the first two",
      );
      const rest = await store.outbox.claim(10, LONG_MS);
      checkEqual(numbersOf(rest), [3], "the rest");
      checkEqual(await store.outbox.claim(10, LONG_MS), [], "what is left");
      for (const { id } of [...first, ...rest, ...first]) await store.outbox.done(id);
      await store.outbox.done("no such item");
    },
  ],
  [
    "what was claimed and never done is claimed again once its lease is over, and done is done",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const outbox = [1, 2].map((n) => ({ topic: "t", data: { n } }));
      await store.commit("r", [sampleEvent("x")], { at, outbox });
      const [done, lost] = await store.outbox.claim(10, 30);
      await store.outbox.done((done as OutboxItem).id);
      let again: readonly OutboxItem[] = [];
      while (again.length === 0) {
        await settle(2);
        again = await store.outbox.claim(10, LONG_MS);
      }
      checkEqual(again, [{ ...lost, attempts: 2 }], "what is claimed again");
      await store.outbox.done((lost as OutboxItem).id);
    },
  ],
  [
    "a commit that stores nothing puts nothing into the outbox",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const outbox = [{ topic: "t", data: 0 }];
      const keyed = sampleEvent("x", { idempotencyKey: "k" });
      await store.commit("r", [keyed], { at, fence: 5 });
      const results = [
        await store.commit("r", [keyed], { at, outbox }),
        await store.commit("r", [keyed], { at, outbox, fence: 1 }),
      ];
      await store.patchRoom("r", { status: "closed" }, 0);
      results.push(await store.commit("r", [sampleEvent("y")], { at, outbox }));
      checkEqual(
        results.map(({ status }) => status),
        ["duplicate", "fenced", "closed"],
        "the commits",
      );
      checkEqual(await store.outbox.claim(10, LONG_MS), [], "the outbox");
    },
  ],
  [
    "a deleted room's outbox is gone with it, and no other's",
    async (store) => {
      for (const id of ["r", "other"]) {
        await store.createRoom(sampleRoom(id));
        await store.commit(id, [sampleEvent("x")], { at, outbox: [{ topic: "t", data: { n: 1 } }] });
      }
      await store.deleteRoom("r");
      const left = await store.outbox.claim(10, LONG_MS);
      checkEqual(
        left.map(({ roomId }) => roomId),
        ["other"],
        "whose items are left",
      );
    },
  ],
  [
    "claims made at once share the items among them",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const outbox = Array.from({ length: 20 }, (_, n) => ({ topic: "t", data: { n } }));
      await store.commit("r", [sampleEvent("x")], { at, outbox });
      const claims = await Promise.all([1, 2, 3, 4, 5, 6].map(() => store.outbox.claim(5, LONG_MS)));
      const numbers = claims.flatMap(numbersOf);
      check(
        claims.every(({ length }) => length <= 5),
        "a claim gives at most as many as it asks for",
      );
      checkEqual(new Set(numbers).size, numbers.length, "items claimed twice");
      numbers.push(...numbersOf(await store.outbox.claim(20, LONG_MS)));
      checkEqual(
        numbers.toSorted((a, b) => a - b),
        outbox.map(({ data }) => data.n),
        "all items",
      );
    },
  ],
];

/** The numbers that the items of these cases carry. */
export function numbersOf(items: readonly OutboxItem[]): number[] {
  return items.map(({ data }) => (data as { n: number }).n);
}
