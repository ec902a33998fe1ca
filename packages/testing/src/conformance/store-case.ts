import type { ConversationStore } from "@roomkit/core";

/** One requirement, given an empty store. */
export type StoreCase = readonly [name: string, run: (store: ConversationStore) => Promise<void>];
