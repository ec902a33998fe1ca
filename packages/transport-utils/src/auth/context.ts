import { AsyncLocalStorage } from "node:async_hooks";
import type { Metadata } from "@roomkit/core";

const storage = new AsyncLocalStorage<Metadata>();

/** What authentication said of the client whose session is being made: for session factories, as in the seed. */
export const authContext = {
  /** The client's metadata inside a session factory (and whatever it awaits); undefined elsewhere. */
  get(): Metadata | undefined {
    return storage.getStore();
  },

  /** Runs `work` with `metadata` in force. */
  run<T>(metadata: Metadata, work: () => T): T {
    return storage.run(metadata, work);
  },
};
