import { type ChildProcess, fork } from "node:child_process";
import { type Cancel, type Clock, RoomKitError } from "@roomkit/core";
import { execArgvFor } from "./entry.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { fromWire } from "./wire-error.ts";

export interface WorkerProcessOptions {
  readonly name: string;
  readonly entry: URL;
  readonly data: unknown;
  readonly startTimeoutMs: number;
  readonly clock: Clock;
  /** It takes jobs now. */
  readonly onReady: () => void;
  /** The job under way ended. */
  readonly onDone: (id: number, outcome: Outcome) => void;
  /** The process is gone, or has been given up; called once, and nothing after it. */
  readonly onGone: (error: RoomKitError) => void;
}

export type Outcome = { readonly result: unknown } | { readonly error: RoomKitError };

/** One child process of a pool, from its start to its end. */
export class WorkerProcess {
  readonly #options: WorkerProcessOptions;
  readonly #child: ChildProcess;
  readonly #stopStartTimer: Cancel;
  /** Resolves when the operating system has let go of the process. */
  readonly exited: Promise<void>;
  #state: "starting" | "idle" | "busy" | "gone" = "starting";

  constructor(options: WorkerProcessOptions) {
    const { name, entry, data, startTimeoutMs, clock } = options;
    this.#options = options;
    this.#child = fork(entry, [], {
      execArgv: execArgvFor(entry),
      serialization: "advanced",
      // What a dying worker says belongs in the server's own error output; it prints nothing else.
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.exited = new Promise((resolve) => {
      this.#child.once("exit", (exitCode, signal) => {
        resolve();
        const details = { worker: name, exitCode, signal };
        this.#gone(new RoomKitError("worker_crashed", `a ${name} worker died`, { retryable: true, details }));
      });
      this.#child.once("error", (cause) => {
        if (this.#child.pid === undefined) resolve();
        this.#gone(new RoomKitError("worker_crashed", `a ${name} worker failed`, { retryable: true, cause }));
      });
    });
    this.#child.on("message", (message: FromWorker) => this.#onMessage(message));
    this.#stopStartTimer = clock.setTimeout(() => {
      const text = `a ${name} worker was not ready after ${startTimeoutMs} ms`;
      this.kill(new RoomKitError("timeout", text, { retryable: true }));
    }, startTimeoutMs);
    const refused = this.#send({ type: "start", data });
    // Not before whoever made this has it.
    if (refused) queueMicrotask(() => this.kill(refused));
  }

  get state(): "starting" | "idle" | "busy" | "gone" {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Gives an idle worker its job. One that cannot be sent ends at once, with `onDone`. */
  run(id: number, job: unknown): void {
    const error = this.#send({ type: "job", id, job });
    if (error) this.#options.onDone(id, { error });
    else this.#setState("busy");
  }

  /** Asks the worker to stop its job early; the job still ends with `onDone`. */
  cancel(id: number): void {
    this.#send({ type: "cancel", id });
  }

  /** Ends the process at once, whatever it is doing. */
  kill(error: RoomKitError): void {
    this.#gone(error);
    // Whoever waits for `exited` must not find its own process ended for want of work.
    this.#child.ref();
    this.#child.kill("SIGKILL");
  }

  #onMessage(message: FromWorker): void {
    if (this.#state === "gone") return;
    if (message.type === "failed") {
      this.kill(fromWire(message.error));
    } else if (message.type === "ready") {
      this.#stopStartTimer();
      this.#setState("idle");
      this.#options.onReady();
    } else {
      this.#setState("idle");
      const outcome = message.type === "result" ? { result: message.result } : { error: fromWire(message.error) };
      this.#options.onDone(message.id, outcome);
    }
  }

  #gone(error: RoomKitError): void {
    if (this.#state === "gone") return;
    this.#stopStartTimer();
    this.#setState("gone");
    this.#options.onGone(error);
  }

  /** A worker without work does not keep the application's process alive. */
  #setState(state: "idle" | "busy" | "gone"): void {
    this.#state = state;
    const { channel } = this.#child as {
      channel?: { ref?: (() => void) | undefined; unref?: (() => void) | undefined } | null | undefined;
    };
    if (state === "busy") {
      this.#child.ref();
      channel?.ref?.();
    } else {
      this.#child.unref();
      channel?.unref?.();
    }
  }

  /** @returns what is wrong with a message that cannot be copied to another process */
  #send(message: ToWorker): RoomKitError | undefined {
    try {
      // A failed write means that the process is going; `exit` tells the rest.
      if (this.#child.connected) this.#child.send(message, undefined, {}, () => {});
      return undefined;
    } catch (cause) {
      const text = `what is given to a ${this.#options.name} worker cannot be copied to its process`;
      return new RoomKitError("invalid_option", text, { cause });
    }
  }
}
