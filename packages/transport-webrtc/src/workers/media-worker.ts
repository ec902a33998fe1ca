import {
  abortedError,
  type Cancel,
  type Clock,
  errorFields,
  type Logger,
  RoomKitError,
  withTimeout,
} from "@roomkit/core";
import { fromWire } from "@roomkit/worker-pool";
import type { LoopLoad } from "../host/load-meter.ts";
import type { MediaCall, MediaLoad, MediaRequest } from "../host/media-host.ts";
import { startWorker, type WorkerLine } from "./line.ts";
import type { FromWorker, OpenedCall, ToWorker, WorkerParts } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { RemoteCall } from "./remote-call.ts";

export interface MediaWorkerOptions {
  /** Counts from 0. */
  readonly index: number;
  readonly parts: WorkerParts;
  readonly clock: Clock;
  readonly logger: Logger;
  /** It is gone, for this reason; called once. `served`: it had been ready. */
  readonly onGone: (error: RoomKitError, served: boolean) => void;
}

interface Opening {
  readonly request: MediaRequest;
  readonly resolve: (call: RemoteCall) => void;
  readonly reject: (error: RoomKitError) => void;
}

/** How long whoever asks waits for an answer, a thread that is starting included, ms. */
const ANSWER_MS = 10_000;
const PING_EVERY_MS = 1_000;
/** A thread that answers none of this many pings is given up. */
const MOST_UNANSWERED = 10;
/** How long a thread may start, ms: loading its modules takes seconds on a machine with other things to do, and until then it answers nothing. */
const START_MS = 60_000;
/** How long a thread may take to close its calls, ms. */
const STOP_MS = 3_000;

/** One thread or process that does media, from its start to its end. */
export class MediaWorker {
  readonly index: number;
  readonly #options: MediaWorkerOptions;
  readonly #line: WorkerLine;
  readonly #outbox: Outbox<ToWorker>;
  readonly #calls = new Map<number, RemoteCall>();
  readonly #openings = new Map<number, Opening>();
  readonly #ready: Promise<void>;
  #settleReady: (error?: RoomKitError) => void = () => {};
  #state: "starting" | "running" | "gone" = "starting";
  #count = 0;
  #load: LoopLoad = { lagMs: 0, utilization: 0 };
  #unanswered = 0;
  #cancelWatch: Cancel = () => {};

  constructor(options: MediaWorkerOptions) {
    this.#options = options;
    const { index, parts } = options;
    this.index = index;
    this.#outbox = new Outbox((messages) => this.#line.post(messages));
    this.#ready = new Promise((resolve, reject) => {
      this.#settleReady = (error) => (error ? reject(error) : resolve());
    });
    this.#ready.catch(() => {});
    this.#line = startWorker(parts, index, {
      onMessages: (messages) => {
        for (const message of messages) this.#handle(message);
      },
      onError: (cause) => this.#gone(mediaLost("a media worker failed", cause)),
    });
    void this.#line.exited.then(() => this.#gone(mediaLost("a media worker ended")));
    this.#cancelWatch = options.clock.setTimeout(() => {
      void this.#end(mediaLost("a media worker did not start"));
    }, START_MS);
  }

  get state(): "starting" | "running" | "gone" {
    return this.#state;
  }

  /** Calls that were answered, and are not over. */
  get serving(): number {
    return this.#calls.size;
  }

  get load(): MediaLoad {
    // Reports do not come any more from a thread that hangs.
    const silentMs = this.#unanswered > 1 ? (this.#unanswered - 1) * PING_EVERY_MS : 0;
    const { lagMs, utilization } = this.#load;
    return { calls: this.#calls.size + this.#openings.size, lagMs: Math.max(lagMs, silentMs), utilization };
  }

  /** Resolves when it serves. @throws RoomKitError `invalid_option`, `media_lost`, `timeout`. */
  ready(): Promise<void> {
    return withTimeout(this.#ready, ANSWER_MS, { clock: this.#options.clock, what: "starting a media worker" });
  }

  /** @throws RoomKitError as the worker's host does, `media_lost`, `timeout` (both retryable), `aborted`. */
  async open(request: MediaRequest, signal?: AbortSignal): Promise<MediaCall> {
    if (signal?.aborted) throw abortedError(signal);
    if (this.#state === "gone") throw mediaLost("a media worker ended");
    const call = ++this.#count;
    const opened = new Promise<RemoteCall>((resolve, reject) => {
      this.#openings.set(call, { request, resolve, reject });
    });
    this.#outbox.put({ type: "open", call, request });
    this.#hold();
    try {
      return await withTimeout(opened, ANSWER_MS, { clock: this.#options.clock, signal, what: "answering an offer" });
    } catch (error) {
      // Given up here: whatever comes of it there is closed.
      if (this.#openings.delete(call) && this.state !== "gone")
        this.#outbox.put({ type: "close", call, reason: undefined });
      throw error;
    } finally {
      this.#hold();
    }
  }

  /** Closes its calls and ends the thread. */
  async close(): Promise<void> {
    this.#line.hold(true);
    if (this.#state !== "gone") {
      this.#outbox.put({ type: "stop" });
      const { clock } = this.#options;
      await withTimeout(this.#line.exited, STOP_MS, { clock, what: "stopping a media worker" }).catch(() => {});
    }
    await this.#end(new RoomKitError("closed", "the media workers are closed"));
  }

  /** Its calls are a reason for this process to go on, as sockets would be; an idle worker is none. */
  #hold(): void {
    this.#line.hold(this.#state === "starting" || this.load.calls > 0);
  }

  async #end(error: RoomKitError): Promise<void> {
    this.#gone(error);
    this.#line.kill();
    await this.#line.exited;
  }

  #handle(message: FromWorker): void {
    if (this.#state === "gone") return;
    switch (message.type) {
      case "ready":
        this.#state = "running";
        this.#settleReady();
        this.#cancelWatch();
        this.#ping();
        this.#hold();
        return;
      case "failed":
        void this.#end(fromWire(message.error));
        return;
      case "opened":
        this.#opened(message.call, message.opened);
        return;
      case "refused":
        this.#openings.get(message.call)?.reject(fromWire(message.error));
        this.#openings.delete(message.call);
        return;
      case "report":
        this.#load = message.load;
        for (const [call, stats] of message.stats) this.#calls.get(call)?.report(stats);
        return;
      case "pong":
        this.#unanswered = 0;
        return;
      case "log":
        this.#options.logger[message.level]({ ...message.fields, worker: this.index }, message.message);
        return;
      default:
        this.#calls.get(message.call)?.handle(message);
    }
  }

  #opened(number: number, opened: OpenedCall): void {
    const opening = this.#openings.get(number);
    if (!opening) return;
    this.#openings.delete(number);
    const { logger } = this.#options;
    const call = new RemoteCall({
      number,
      request: opening.request,
      opened,
      put: (message) => this.#outbox.put(message),
      onListenerError: (error) => logger.error(errorFields(error), "a media listener threw"),
    });
    this.#calls.set(number, call);
    call.onClosed(() => {
      this.#calls.delete(number);
      this.#hold();
    });
    opening.resolve(call);
  }

  #ping(): void {
    this.#cancelWatch = this.#options.clock.setTimeout(() => {
      if (this.#unanswered >= MOST_UNANSWERED) {
        void this.#end(mediaLost("a media worker does not answer any more"));
        return;
      }
      this.#unanswered++;
      this.#outbox.put({ type: "ping" });
      this.#ping();
    }, PING_EVERY_MS);
  }

  #gone(error: RoomKitError): void {
    if (this.#state === "gone") return;
    const served = this.#state === "running";
    this.#state = "gone";
    this.#cancelWatch();
    this.#settleReady(error);
    const { logger, onGone } = this.#options;
    if (this.load.calls > 0)
      logger.error(
        { worker: this.index, calls: this.load.calls, ...errorFields(error) },
        "a media worker is gone, and its calls with it",
      );
    for (const { reject } of this.#openings.values()) reject(error);
    this.#openings.clear();
    for (const call of [...this.#calls.values()]) call.end({ code: error.code, message: error.message });
    onGone(error, served);
  }
}

function mediaLost(message: string, cause?: unknown): RoomKitError {
  return new RoomKitError("media_lost", message, { retryable: true, cause });
}
