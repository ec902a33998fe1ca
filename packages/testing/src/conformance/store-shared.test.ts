import {
  type CommitOptions,
  type CommitResult,
  MemoryStore,
  type NewEvent,
  type Outbox,
  type RoomEvent,
} from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { storeConformance } from "./store.ts";
import { type Change, failures } from "./store-views.fixture.ts";

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

type Commit = (roomId: string, events: readonly NewEvent[], options: CommitOptions) => Promise<CommitResult>;

const committing =
  (commit: (store: MemoryStore, ...of: Parameters<Commit>) => Promise<CommitResult>): Change =>
  (store) => ({ commit: (...of) => commit(store, ...of) });
const claiming =
  (claim: (outbox: Outbox, ...of: Parameters<Outbox["claim"]>) => ReturnType<Outbox["claim"]>): Change =>
  ({ outbox }) => ({ outbox: { claim: (...of) => claim(outbox, ...of), done: (id) => outbox.done(id) } });

/** Each breaks one thing of a store that is right otherwise. */
const defects: Record<string, readonly [required: string, change: Change]> = {
  "looks at no fence": [
    "a smaller fence than one before",
    committing((store, roomId, events, { fence: _, ...options }) => store.commit(roomId, events, options)),
  ],
  "refuses the same fence again": [
    "the same fence again",
    (store) => {
      let greatest = 0;
      return {
        commit: async (roomId, events, options) => {
          const { fence = greatest + 1 } = options;
          if (fence <= greatest) return { status: "fenced", fence: greatest };
          greatest = options.fence ?? greatest;
          return await store.commit(roomId, events, options);
        },
      };
    },
  ],
  "forgets the fence of a commit of nothing": [
    "a commit of nothing raises the fence",
    committing(async (store, roomId, events, options) =>
      events.length === 0 ? { status: "committed", events: [] } : await store.commit(roomId, events, options),
    ),
  ],
  "looks at the fence before it waits": [
    "none is stored after a greater one",
    (store) => {
      let greatest = 0;
      return {
        commit: async (roomId, events, { fence = 0, ...options }) => {
          if (fence < greatest) return { status: "fenced", fence: greatest };
          await new Promise((resolve) => setTimeout(resolve, 20 - 2 * fence));
          greatest = Math.max(greatest, fence);
          return await store.commit(roomId, events, options);
        },
      };
    },
  ],
  "drops the outbox": [
    "until it is done",
    committing((store, roomId, events, { outbox: _, ...options }) => store.commit(roomId, events, options)),
  ],
  "keeps what a commit did not store": [
    "puts nothing into the outbox",
    committing(async (store, roomId, events, options) => {
      const result = await store.commit(roomId, events, options);
      if (result.status === "duplicate") await store.commit(roomId, [], { at: 0, outbox: options.outbox });
      return result;
    }),
  ],
  "gives an item away for ever": [
    "claimed again once its lease is over",
    claiming((outbox, limit) => outbox.claim(limit, 3_600_000)),
  ],
  "gives as many as there are": ["claims made at once", claiming((outbox, _, leaseMs) => outbox.claim(1_000, leaseMs))],
  "gives an item to everybody": [
    "no item of the outbox is claimed by both",
    claiming((outbox, limit) => outbox.claim(limit, 0)),
  ],
  "looks for a key before it waits, in each process": [
    "two processes: one key at once",
    committing(async (store, roomId, events, options) => {
      const key = events[0]?.idempotencyKey;
      const seen = key === undefined ? undefined : await store.findByIdempotencyKey(roomId, key);
      await later();
      if (seen) return { status: "duplicate", events: [seen] };
      const unkeyed = events.map(({ idempotencyKey: _, ...event }) => event);
      return await store.commit(roomId, unkeyed, options);
    }),
  ],
  "counts for itself in each process": [
    "two processes: a log that both write to",
    (store) => {
      let count = 0;
      return {
        commit: async (roomId, events, options) => {
          const result = await store.commit(roomId, events, options);
          if (result.status !== "committed") return result;
          return { ...result, events: result.events.map((event): RoomEvent => ({ ...event, index: count++ })) };
        },
      };
    },
  ],
};

describe("storeConformance, of fences, outbox and two processes", () => {
  it("passes two on one engine that are right", async () => {
    expect(await failures(() => ({}))).toEqual([]);
  });

  for (const [defect, [required, change]] of Object.entries(defects)) {
    it(`finds a store that ${defect}`, async () => {
      expect(await failures(change, required)).toHaveLength(1);
    });
  }

  it("finds two that do not share what they keep", async () => {
    const own = (): MemoryStore => new MemoryStore();
    const suite = storeConformance({ open: own, another: own, timeoutMs: 1_000 });
    const failed: string[] = [];
    const between = suite.filter(({ name }) => name.startsWith("two processes"));
    await Promise.all(between.map(({ name, run }) => run().catch(() => failed.push(name))));
    expect(failed).toHaveLength(8);
  });
});
