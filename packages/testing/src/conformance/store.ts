import type { ConversationStore } from "@roomkit/core";
import { type ConformanceCase, within } from "./case.ts";
import { bindingCases } from "./store-bindings.ts";
import type { StoreCase } from "./store-case.ts";
import { commitCases } from "./store-commits.ts";
import { idempotencyCases } from "./store-idempotency.ts";
import { readCases } from "./store-reads.ts";
import { roomCases } from "./store-rooms.ts";

export interface StoreConformanceOptions {
  /** A store with nothing in it. Each requirement opens one of its own and closes it. */
  open(): ConversationStore | Promise<ConversationStore>;
  /** Real time one requirement may take, ms. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * What every `ConversationStore` must do, a test for each requirement:
 * `for (const { name, run } of storeConformance({ open })) it(name, run)`.
 */
export function storeConformance(options: StoreConformanceOptions): readonly ConformanceCase[] {
  const { open, timeoutMs = 10_000 } = options;
  const cases: readonly StoreCase[] = [
    ...roomCases,
    ...commitCases,
    ...idempotencyCases,
    ...readCases,
    ...bindingCases,
  ];
  return cases.map(([name, run]) => ({
    name,
    async run() {
      const store = await within(Promise.resolve(open()), timeoutMs, "opening the store");
      try {
        await within(run(store), timeoutMs, name);
      } finally {
        await within(store.close(), timeoutMs, "closing the store");
      }
    },
  }));
}
