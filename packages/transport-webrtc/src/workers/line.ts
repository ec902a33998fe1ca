import { fork } from "node:child_process";
import { Worker } from "node:worker_threads";
import { entryBeside, execArgvFor, threadEntry } from "@roomkit/worker-pool";
import type { FromWorker, ToWorker, WorkerParts } from "./messages.ts";

/** What comes from a worker. */
export interface LineEvents {
  readonly onMessages: (messages: readonly FromWorker[]) => void;
  /** Something was thrown in it that nobody caught; `onExit` follows. */
  readonly onError: (error: unknown) => void;
  /** It is gone. */
  readonly onExit: () => void;
}

/** A thread or process that was started, and the way to talk to it. */
export interface WorkerLine {
  post(messages: readonly ToWorker[]): void;
  /** Whether it is a reason for this process to go on; at first it is. */
  hold(on: boolean): void;
  /** Ends it at once, whatever it is doing; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a media worker: a thread, or a process when its engine needs one. */
export function startWorker(parts: WorkerParts, index: number, events: LineEvents): WorkerLine {
  return parts.engine.ownProcess ? startProcess(parts, events) : startThread(parts, index, events);
}

function startThread(parts: WorkerParts, index: number, { onMessages, onError, onExit }: LineEvents): WorkerLine {
  const { url, execArgv } = threadEntry(entryBeside(import.meta.url, "thread"));
  const thread = new Worker(url, { workerData: parts, execArgv: [...execArgv], name: `roomkit media ${index}` });
  thread.on("message", onMessages);
  thread.on("error", onError);
  thread.once("exit", onExit);
  return {
    post: (messages) => thread.postMessage(messages),
    hold: (on) => (on ? thread.ref() : thread.unref()),
    kill: async () => void (await thread.terminate()),
  };
}

function startProcess(parts: WorkerParts, { onMessages, onError, onExit }: LineEvents): WorkerLine {
  const entry = entryBeside(import.meta.url, "process");
  const child = fork(entry, [], {
    execArgv: execArgvFor(entry),
    serialization: "advanced",
    // What a dying worker says belongs in the server's own error output; it prints nothing else.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      onError(error);
      if (child.pid === undefined) resolve();
    });
  });
  void gone.then(onExit);
  child.on("message", (messages) => onMessages(messages as readonly FromWorker[]));
  // A failed write means that the process is going; its exit tells the rest.
  const send = (message: object): void => void (child.connected && child.send(message, undefined, {}, () => {}));
  send(parts);
  return {
    post: send,
    hold(on) {
      const channel = child.channel as { ref?: () => void; unref?: () => void } | null | undefined;
      for (const handle of [child, channel]) on ? handle?.ref?.() : handle?.unref?.();
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
