import { fork } from "node:child_process";
import { serialize } from "node:v8";
import { Worker } from "node:worker_threads";
import { RoomKitError } from "@roomkit/core";
import { entryBeside, execArgvFor, threadEntry } from "@roomkit/worker-pool";
import type { FromWorker, ToWorker, WorkerParts } from "./messages.ts";

/** What comes from a worker. */
export interface LineEvents {
  readonly onMessages: (messages: readonly FromWorker[]) => void;
  /** Something was thrown in it that nobody caught; its exit follows. */
  readonly onError: (error: unknown) => void;
}

/** A thread or process that was started, and the way to talk to it. */
export interface WorkerLine {
  /** Resolves when it is gone. */
  readonly exited: Promise<void>;
  post(messages: readonly ToWorker[]): void;
  /** Whether it is a reason for this process to go on; at first it is. */
  hold(on: boolean): void;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
}

/**
 * Starts a media worker: a thread, or a process when its engine needs one.
 * @throws RoomKitError `invalid_option` when the parts cannot be copied to it.
 */
export function startWorker(parts: WorkerParts, index: number, events: LineEvents): WorkerLine {
  try {
    // Both copy in the same way, and only one of them says by its error that this was it.
    serialize(parts);
  } catch (cause) {
    const message = `options of the engine or of Opus cannot be copied to a media worker: ${(cause as Error).message}`;
    throw new RoomKitError("invalid_option", message, { cause });
  }
  return parts.engine.ownProcess ? startProcess(parts, events) : startThread(parts, index, events);
}

function startThread(parts: WorkerParts, index: number, { onMessages, onError }: LineEvents): WorkerLine {
  const { url, execArgv } = threadEntry(entryBeside(import.meta.url, "thread"));
  const thread = new Worker(url, { workerData: parts, execArgv: [...execArgv], name: `roomkit media ${index}` });
  thread.on("message", onMessages);
  thread.on("error", onError);
  return {
    exited: new Promise((resolve) => thread.once("exit", () => resolve())),
    post: (messages) => thread.postMessage(messages),
    hold: (on) => (on ? thread.ref() : thread.unref()),
    kill: () => void thread.terminate(),
  };
}

function startProcess(parts: WorkerParts, { onMessages, onError }: LineEvents): WorkerLine {
  const entry = entryBeside(import.meta.url, "process");
  const child = fork(entry, [], {
    execArgv: execArgvFor(entry),
    serialization: "advanced",
    // What a dying worker says belongs in the server's own error output; it prints nothing else.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      onError(error);
      if (child.pid === undefined) resolve();
    });
  });
  child.on("message", (messages) => onMessages(messages as readonly FromWorker[]));
  // A failed write means that the process is going; its exit tells the rest.
  const send = (message: object): void => void (child.connected && child.send(message, undefined, {}, () => {}));
  send(parts);
  return {
    exited,
    post: send,
    hold(on) {
      const channel = child.channel as
        | { ref?: (() => void) | undefined; unref?: (() => void) | undefined }
        | null
        | undefined;
      for (const handle of [child, channel]) on ? handle?.ref?.() : handle?.unref?.();
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
