import type { FromWorker, ToWorker, WorkerParts } from "./messages.ts";
import { serveMedia } from "./serve.ts";

// The first module of a media worker's process.

// A terminal or a service manager tells the whole group to end: the parent decides when the calls are over.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("disconnect", () => process.exit(0));

process.once("message", (parts: WorkerParts) => {
  void serveMedia(
    {
      // The parent may be gone between two lines; there is nobody left to tell then.
      postMessage: (messages: readonly FromWorker[]) => void process.send?.(messages, undefined, undefined, () => {}),
      on: (event, listener) => process.on(event, (messages) => listener(messages as readonly ToWorker[])),
      close: () => process.disconnect(),
    },
    parts,
  );
});
