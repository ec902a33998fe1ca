import { type ConversationStore, MemoryStore } from "@roomkit/core";
import { storeConformance } from "./store.ts";

export type Change = (store: MemoryStore) => Partial<ConversationStore>;

/** Two processes' stores on one engine, which is a store in memory, with something changed. */
function views(change: Change): { open(): ConversationStore; another(): ConversationStore } {
  let engine = new MemoryStore();
  const another = (): ConversationStore => {
    const target = engine;
    const changed = change(target);
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(name in changed ? changed : target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  return {
    another,
    open: () => {
      engine = new MemoryStore();
      return another();
    },
  };
}

/** The requirements whose name has `required` in it that two stores with this changed do not meet. */
export async function failures(change: Change, required = ""): Promise<string[]> {
  const failed: string[] = [];
  const suite = storeConformance({ ...views(change), timeoutMs: 2_000 }).filter(({ name }) => name.includes(required));
  for (const { name, run } of suite) await run().catch(() => failed.push(name));
  return failed;
}
