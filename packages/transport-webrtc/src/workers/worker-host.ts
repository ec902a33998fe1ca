import { availableParallelism } from "node:os";
import {
  type AudioCodec,
  type Clock,
  type Logger,
  type OpusCodec,
  type OpusSampleRate,
  type Recipe,
  RoomKitError,
} from "@roomkit/core";
import { recipeOf } from "@roomkit/worker-pool";
import { LoadMeter, type LoopLimits, tooBusy } from "../host/load-meter.ts";
import { serverBusy } from "../host/local-host.ts";
import type { MediaCall, MediaHost, MediaLoad, MediaRequest } from "../host/media-host.ts";
import { MediaWorker } from "./media-worker.ts";
import type { WorkerParts } from "./messages.ts";

export interface WorkerMediaHostOptions {
  /** How the worker of an index makes its engine. */
  readonly engine: (index: number) => Recipe;
  readonly opus: OpusCodec;
  readonly mulaw: AudioCodec | undefined;
  readonly inputSampleRate: OpusSampleRate;
  /** Threads at most. Default: the cores this process may use, less one, at least 1. */
  readonly count?: number | undefined;
  /** Calls on one thread at most. Default 25. */
  readonly calls?: number | undefined;
  /** A thread whose event loop is busier is given no call; nor is any while this thread's is. */
  readonly busy: LoopLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

const DEFAULT_CALLS = 25;
/** After a worker that could not be made, none is tried again for so long, ms: making one takes the processor for a moment. */
const RETRY_MS = 1_000;

/**
 * Does the media of calls on worker threads: the engine and the coders there, linear PCM and messages here. A call goes to the
 * running thread that has the fewest; one that has as many as it may, or whose event loop is too busy, gets none. When no thread takes a
 * call it is refused: a thread that has too many loses all of them. An offer whose thread dies before it answered goes to another.
 */
export class WorkerMediaHost implements MediaHost {
  readonly #options: WorkerMediaHostOptions;
  readonly #parts: Omit<WorkerParts, "engine">;
  readonly #count: number;
  readonly #most: number;
  readonly #workers = new Set<MediaWorker>();
  /** Of this thread, while it has calls: what the workers hear and say passes through it. */
  readonly #meter: LoadMeter;
  #failure: { readonly error: RoomKitError; readonly at: number } | undefined;
  #closed = false;

  /** @throws RoomKitError `invalid_option` for a codec that no other thread can make. */
  constructor(options: WorkerMediaHostOptions) {
    const { opus, mulaw, inputSampleRate } = options;
    this.#options = options;
    this.#parts = {
      opus: recipeOf("an Opus codec", opus.recipe),
      ...(mulaw ? { mulaw: recipeOf("a mu-law codec", mulaw.recipe) } : {}),
      inputSampleRate,
    };
    this.#meter = new LoadMeter(options.clock);
    this.#count = options.count ?? Math.max(1, availableParallelism() - 1);
    this.#most = options.calls ?? DEFAULT_CALLS;
    options.engine(0);
  }

  get load(): readonly MediaLoad[] {
    return [...this.#workers].map((worker) => worker.load);
  }

  async accept(request: MediaRequest, signal?: AbortSignal): Promise<MediaCall> {
    try {
      return await this.#open(request, signal, () => true);
    } catch (error) {
      if (!(RoomKitError.is(error) && error.code === "media_lost")) throw error;
    }
    // The worker was dying, and its end not known yet; the client knows nothing of it. Once more, where nobody has a call: should
    // it be the offer that kills workers, it takes no caller with it.
    if (this.#retryInMs > 0) await this.#options.clock.sleep(this.#retryInMs, signal);
    return await this.#open(request, signal, ({ serving }) => serving === 0);
  }

  async #open(
    request: MediaRequest,
    signal: AbortSignal | undefined,
    fits: (worker: MediaWorker) => boolean,
  ): Promise<MediaCall> {
    if (this.#closed) throw new RoomKitError("closed", "the media workers are closed");
    const worker = tooBusy(this.#meter.load, this.#options.busy) ? undefined : this.#choose(fits);
    if (!worker) throw serverBusy();
    const opening = worker.open(request, signal);
    // One ahead: the next caller should not wait for a thread to start.
    if (![...this.#workers].some(({ load }) => load.calls === 0)) this.#start();
    const call = await opening;
    call.onClosed(this.#meter.begin());
    return call;
  }

  async warmUp(): Promise<void> {
    if (this.#closed) return;
    const [first = this.#start()] = this.#workers;
    await first?.ready().catch((error: unknown) => {
      // Closed meanwhile: nobody will call.
      if (!this.#closed) throw error;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#workers].map((worker) => worker.close()));
  }

  /** How long no worker is started yet, ms. */
  get #retryInMs(): number {
    return this.#failure ? Math.max(0, this.#failure.at + RETRY_MS - this.#options.clock.now()) : 0;
  }

  #choose(fits: (worker: MediaWorker) => boolean): MediaWorker | undefined {
    const free = [...this.#workers].filter(
      (worker) => fits(worker) && worker.load.calls < this.#most && !tooBusy(worker.load, this.#options.busy),
    );
    const running = free.filter(({ state }) => state === "running");
    const found = fewestCalls(running) ?? fewestCalls(free);
    if (found) return found;
    if (this.#failure && this.#retryInMs > 0) throw this.#failure.error;
    return this.#start();
  }

  /** Starts another thread; undefined when there are as many as there may be. */
  #start(): MediaWorker | undefined {
    if (this.#workers.size >= this.#count) return undefined;
    const taken = new Set([...this.#workers].map(({ index }) => index));
    let index = 0;
    while (taken.has(index)) index++;
    const { engine, clock, logger } = this.#options;
    const parts: WorkerParts = { ...this.#parts, engine: engine(index) };
    const onGone = (error: RoomKitError, served: boolean): void => {
      this.#workers.delete(worker);
      this.#failure = served ? undefined : { error, at: clock.now() };
    };
    const worker = new MediaWorker({ index, parts, clock, logger, onGone });
    this.#workers.add(worker);
    return worker;
  }
}

function fewestCalls(workers: readonly MediaWorker[]): MediaWorker | undefined {
  return workers.reduce<MediaWorker | undefined>(
    (least, worker) => (least && least.load.calls <= worker.load.calls ? least : worker),
    undefined,
  );
}
