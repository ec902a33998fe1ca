import { assertOptions, type ConversationStore } from "@roomkit/core";
import { type ConformanceCase, within } from "./case.ts";
import { closeCases } from "./close.ts";
import { bindingCases } from "./store-bindings.ts";
import type { StoreCase } from "./store-case.ts";
import { commitCases } from "./store-commits.ts";
import { fenceCases } from "./store-fences.ts";
import { idempotencyCases } from "./store-idempotency.ts";
import { outboxCases } from "./store-outbox.ts";
import { readCases } from "./store-reads.ts";
import { roomCases } from "./store-rooms.ts";
import { MADE_AT, sampleEvent, sampleRoom } from "./store-samples.ts";
import { sessionCases } from "./store-sessions.ts";
import { type SharedStoreCase, sharedCases } from "./store-shared.ts";

export interface StoreConformanceOptions {
  /** A store with nothing in it. Each requirement opens one of its own and closes it. */
  open(): ConversationStore | Promise<ConversationStore>;
  /** Another on the engine of the one opened last, as another process has it. Without it, what two processes do is not looked at. */
  readonly another?: (() => ConversationStore | Promise<ConversationStore>) | undefined;
  /** Real time one requirement may take, ms. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** How many stores and connections of theirs are open, for the checks that nothing leaks. */
  held?(): number;
}

/**
 * What every `ConversationStore` must do, a test for each requirement:
 * `for (const { name, run } of storeConformance({ open })) it(name, run)`.
 */
export function storeConformance(options: StoreConformanceOptions): readonly ConformanceCase[] {
  assertOptions("storeConformance", options, {
    required: ["open"],
    function: ["open", "another", "held"],
    number: ["timeoutMs"],
  });
  const { open, another, timeoutMs = 10_000 } = options;
  const cases: readonly StoreCase[] = [
    ...roomCases,
    ...commitCases,
    ...idempotencyCases,
    ...readCases,
    ...bindingCases,
    ...fenceCases,
    ...outboxCases,
    ...sessionCases,
    ["a store that can be used says so", (store) => store.ping()],
    ...closeCases<ConversationStore>({
      create: open,
      async begin(store) {
        await store.createRoom(sampleRoom("r"));
        return { ended: commitMany(store) };
      },
      beginning: (store) => store.createRoom(sampleRoom("r")),
      late: (store) => store.getRoom("r"),
      // One that lives in memory has nothing to let go of.
      mayAnswer: true,
      held: options.held && (() => options.held?.() ?? 0),
      patienceMs: timeoutMs / 2,
    }).map(([name, run]): StoreCase => [`a store ${name}`, run]),
  ];
  const one = cases.map(([name, run]) => ({ name, run: run as SharedStoreCase[1], peer: undefined as typeof another }));
  const two = another ? sharedCases.map(([name, run]) => ({ name, run, peer: another })) : [];
  return [...one, ...two].map(({ name, run, peer }) => ({
    name,
    async run() {
      const store = await within(Promise.resolve(open()), timeoutMs, "opening the store");
      const other = peer === undefined ? store : await within(Promise.resolve(peer()), timeoutMs, "opening another");
      try {
        await within(run(store, other), timeoutMs, name);
      } finally {
        await within(Promise.all([store.close(), other.close()]), timeoutMs, "closing the stores");
      }
    },
  }));
}

/** Resolves when all of several commits have been made, rejects with what the first that failed says when all have ended. */
async function commitMany(store: ConversationStore): Promise<void> {
  const commits = Array.from({ length: 20 }, (_, n) => store.commit("r", [sampleEvent(`event ${n}`)], { at: MADE_AT }));
  const ended = await Promise.allSettled(commits);
  const failed = ended.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
