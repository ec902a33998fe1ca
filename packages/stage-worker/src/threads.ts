import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { type AudioFormat, type Recipe, RoomKitError } from "@roomkit/core";
import { entryBeside, threadEntry } from "@roomkit/worker-pool";
import type { OpenLane } from "./messages.ts";

/** A lane's end on this thread, and whether the thread at the other end is gone. */
export interface LanePort {
  readonly port: MessagePort;
  readonly lost: () => RoomKitError | undefined;
  readonly close: () => void;
}

interface Thread {
  readonly worker: Worker;
  lanes: number;
  failure: RoomKitError | undefined;
}

/** The threads of one factory: each takes several lanes; those without any go again, all but one. */
export class Threads {
  readonly #name: string;
  readonly #most: number;
  readonly #threads: Thread[] = [];
  #closed = false;

  constructor(name: string, most: number) {
    this.#name = name;
    this.#most = most;
  }

  get count(): number {
    return this.#threads.length;
  }

  /** A lane on the thread that has the fewest. @throws RoomKitError `closed`, `bundled`. */
  open(lane: { readonly recipe: Recipe; readonly format: AudioFormat; readonly sessionId: string }): LanePort {
    if (this.#closed) throw new RoomKitError("closed", `the threads of ${this.#name} are closed`);
    const free = [...this.#threads].sort((a, b) => a.lanes - b.lanes)[0];
    const thread = free && (free.lanes === 0 || this.#threads.length >= this.#most) ? free : this.#start();
    const { port1, port2 } = new MessageChannel();
    // Answers are read when the next frame comes; nothing here may keep the process alive.
    port1.unref();
    const message: OpenLane = { ...lane, port: port2 };
    thread.lanes++;
    thread.worker.postMessage(message, [port2]);
    let open = true;
    return {
      port: port1,
      lost: () => thread.failure,
      close: () => {
        if (!open) return;
        open = false;
        port1.close();
        thread.lanes--;
        if (thread.lanes === 0 && this.#threads.length > 1) void this.#stop(thread);
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const error = new RoomKitError("closed", `the threads of ${this.#name} are closed`);
    for (const thread of this.#threads) thread.failure ??= error;
    await Promise.all([...this.#threads].map((thread) => this.#stop(thread)));
  }

  #start(): Thread {
    const { url, execArgv } = threadEntry(entryBeside(import.meta.url, "worker"));
    const worker = new Worker(url, { name: this.#name, execArgv: [...execArgv] });
    worker.unref();
    const thread: Thread = { worker, lanes: 0, failure: undefined };
    this.#threads.push(thread);
    const lose = (cause?: unknown): void => {
      const why = `the thread of ${this.#name} is gone`;
      thread.failure ??= new RoomKitError("worker_crashed", why, { cause, retryable: true });
      this.#drop(thread);
    };
    worker.on("error", lose);
    worker.on("exit", () => lose());
    return thread;
  }

  async #stop(thread: Thread): Promise<void> {
    this.#drop(thread);
    await thread.worker.terminate();
  }

  #drop(thread: Thread): void {
    const at = this.#threads.indexOf(thread);
    if (at >= 0) this.#threads.splice(at, 1);
  }
}
