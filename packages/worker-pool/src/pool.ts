import { availableParallelism } from "node:os";
import { abortedError, type Cancel, type Clock, RoomKitError, systemClock } from "@roomkit/core";
import { type Outcome, WorkerProcess } from "./worker-process.ts";

export interface WorkerPoolOptions {
  /** Names the pool in errors, e.g. `moonshine`. */
  readonly name: string;
  /** The worker's module; it calls {@link serveJobs}. See {@link entryBeside}. */
  readonly entry: URL;
  /** Given to the worker's `start`; anything structured clone takes. */
  readonly data?: unknown;
  /** Worker processes at most, >= 1; they start when there is work for them. Default: the CPU's cores less one. */
  readonly size?: number | undefined;
  /** Jobs waiting for a worker at most, >= 1. Default 64. */
  readonly queueLimit?: number | undefined;
  /** How long a job may wait for a worker, and then how long it may run, in ms. Default 30,000. */
  readonly jobTimeoutMs?: number | undefined;
  /** How long a worker may take to load, in ms. Default 30,000. */
  readonly startTimeoutMs?: number | undefined;
  /** A job that waited longer than this for workers that were all busy makes the pool {@link WorkerPool.overloaded}, ms. Default 500. */
  readonly lateMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

export interface JobOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Background work runs only on a worker that has nothing to do, and gives way as soon as other work needs that worker: it
   * never waits and never makes anything wait. Default false.
   */
  readonly background?: boolean | undefined;
}

/** A job handed to a pool. */
export interface PoolJob<Result> {
  readonly result: Promise<Result>;
  /** Makes background work ordinary work: it gives way no more. */
  promote(): void;
}

/** What a pool is doing. */
export interface PoolLoad {
  /** Processes alive, those still loading included. */
  readonly workers: number;
  readonly busy: number;
  readonly waiting: number;
}

interface Entry {
  readonly id: number;
  readonly since: number;
  readonly job: unknown;
  background: boolean;
  /** Ends the wait of whoever asked; only the first call counts. */
  readonly settle: (outcome: Outcome) => void;
  settled: boolean;
}

interface Running {
  readonly entry: Entry;
  readonly stopTimer: Cancel;
}

/** So long after a job that came late, a pool is taken for as busy as it was then, ms. */
const LATE_FOR_MS = 5_000;

/**
 * Does jobs of one kind in child processes: several sessions share them, none waits on the event loop for another. Bounded in
 * processes, waiting jobs and time. A process that dies or overruns fails its own job only and is replaced at the next one.
 */
export class WorkerPool<Job, Result> {
  readonly #options: WorkerPoolOptions;
  readonly #size: number;
  readonly #queueLimit: number;
  readonly #jobTimeoutMs: number;
  readonly #lateMs: number;
  readonly #clock: Clock;
  readonly #workers = new Map<WorkerProcess, Running | undefined>();
  readonly #leaving = new Set<Promise<void>>();
  #waiting: Entry[] = [];
  #nextId = 1;
  #closed = false;
  #lateUntil = 0;
  /** When a worker last came up, or there was none that worked: what had to wait until then waited for loading, not for other jobs. */
  #loadedAt = 0;

  /** @throws RoomKitError `invalid_option` */
  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#size = atLeastOne("size", options.size ?? Math.max(1, availableParallelism() - 1));
    this.#queueLimit = atLeastOne("queueLimit", options.queueLimit ?? 64);
    this.#jobTimeoutMs = atLeastOne("jobTimeoutMs", options.jobTimeoutMs ?? 30_000);
    this.#lateMs = atLeastOne("lateMs", options.lateMs ?? 500);
    this.#clock = options.clock ?? systemClock;
  }

  get load(): PoolLoad {
    let busy = 0;
    for (const running of this.#workers.values()) if (running) busy++;
    return { workers: this.#workers.size, busy, waiting: this.#waiting.length };
  }

  /**
   * Whether there is more work than the workers can do in time: a job waits longer than `lateMs` for others to be done, or one did so
   * in the last 5 s. Waiting for a worker to load, and background work, which gives way, do not count.
   */
  get overloaded(): boolean {
    const now = this.#clock.now();
    const [first] = this.#waiting;
    return now < this.#lateUntil || (first !== undefined && this.#isLate(first, now));
  }

  /** Whether background work would be taken now. */
  get idle(): boolean {
    return this.#waiting.length === 0 && this.#idle() !== undefined;
  }

  /** Starts a worker if there is none, so that it has loaded when the first job comes. */
  prepare(): void {
    if (!this.#closed && this.#workers.size === 0) this.#spawn();
  }

  /**
   * Does one job.
   *
   * @throws RoomKitError `busy` (retryable: no room in the queue, or no idle worker for background work), `timeout`
   *   (retryable), `worker_crashed` (retryable), `preempted` (retryable: background work gave way), `aborted`, `closed`, or
   *   what the worker threw.
   */
  run(job: Job, options?: JobOptions): Promise<Result> {
    return this.start(job, options).result;
  }

  /** As {@link run}, for who may want to promote the job later. */
  start(job: Job, options: JobOptions = {}): PoolJob<Result> {
    const { signal, background = false } = options;
    const { promise, resolve, reject } = deferred<Result>();
    let cleanUp = (): void => {};
    const entry: Entry = {
      id: this.#nextId++,
      since: this.#clock.now(),
      job,
      background,
      settled: false,
      settle(outcome) {
        if (entry.settled) return;
        entry.settled = true;
        cleanUp();
        if ("error" in outcome) reject(outcome.error);
        else resolve(outcome.result as Result);
      },
    };
    const refusal = this.#refusal(background, signal);
    if (refusal) {
      entry.settle({ error: refusal });
    } else {
      const onAbort = (): void => this.#abandon(entry, abortedError(signal));
      signal?.addEventListener("abort", onAbort, { once: true });
      // Once a worker has taken the job, a timer of its own runs for it.
      const stopTimer = this.#clock.setTimeout(() => {
        if (this.#waiting.includes(entry)) this.#abandon(entry, this.#timeout("waited"));
      }, this.#jobTimeoutMs);
      cleanUp = () => {
        stopTimer();
        signal?.removeEventListener("abort", onAbort);
      };
      this.#waiting.push(entry);
      this.#dispatch();
    }
    return {
      result: promise,
      promote: () => {
        entry.background = false;
      },
    };
  }

  /** Ends every job with `closed` and every process; resolves when they are gone. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new RoomKitError("closed", `the ${this.#options.name} workers were closed`);
    for (const entry of this.#waiting.splice(0)) entry.settle({ error });
    for (const worker of [...this.#workers.keys()]) worker.kill(error);
    await Promise.all(this.#leaving);
  }

  #refusal(background: boolean, signal: AbortSignal | undefined): RoomKitError | undefined {
    const { name } = this.#options;
    if (this.#closed) return new RoomKitError("closed", `the ${name} workers were closed`);
    if (signal?.aborted) return abortedError(signal);
    const full = background ? !this.idle : this.#waiting.length >= this.#queueLimit;
    if (!full) return undefined;
    return new RoomKitError("busy", `all ${name} workers are busy`, { retryable: true, details: { ...this.load } });
  }

  #idle(): WorkerProcess | undefined {
    for (const worker of this.#workers.keys()) if (worker.state === "idle") return worker;
    return undefined;
  }

  /** Gives waiting jobs to idle workers, and finds workers for those still waiting. */
  #dispatch(): void {
    for (let idle = this.#idle(); idle && this.#waiting.length > 0; idle = this.#idle()) {
      this.#assign(idle, this.#waiting.shift() as Entry);
    }
    // Workers that will be free without anything more being done: those that load, and those whose job has been given up.
    let coming = 0;
    for (const [worker, running] of this.#workers) if (worker.state === "starting" || running?.entry.settled) coming++;
    for (const running of this.#workers.values()) {
      if (coming >= this.#waiting.length) return;
      if (!running?.entry.background || running.entry.settled) continue;
      this.#abandon(running.entry, new RoomKitError("preempted", "other work needed the worker", { retryable: true }));
      coming++;
    }
    for (; coming < this.#waiting.length && this.#workers.size < this.#size; coming++) this.#spawn();
  }

  #isLate(entry: Entry, now: number): boolean {
    if (this.#loading()) return false;
    return now - Math.max(entry.since, this.#loadedAt) > this.#lateMs;
  }

  /** Whether no worker has come up yet. */
  #loading(): boolean {
    for (const { state } of this.#workers.keys()) if (state !== "starting") return false;
    return true;
  }

  #assign(worker: WorkerProcess, entry: Entry): void {
    const now = this.#clock.now();
    if (this.#isLate(entry, now)) this.#lateUntil = now + LATE_FOR_MS;
    const stopTimer = this.#clock.setTimeout(() => worker.kill(this.#timeout("ran")), this.#jobTimeoutMs);
    this.#workers.set(worker, { entry, stopTimer });
    worker.run(entry.id, entry.job);
  }

  /** Whoever asked waits no more. A job under way is told to stop; its worker is free when it has. */
  #abandon(entry: Entry, error: RoomKitError): void {
    entry.settle({ error });
    const queued = this.#waiting.indexOf(entry);
    if (queued >= 0) this.#waiting.splice(queued, 1);
    for (const [worker, running] of this.#workers) if (running?.entry === entry) worker.cancel(entry.id);
  }

  #spawn(): void {
    const worker: WorkerProcess = new WorkerProcess({
      name: this.#options.name,
      entry: this.#options.entry,
      data: this.#options.data,
      startTimeoutMs: this.#options.startTimeoutMs ?? 30_000,
      clock: this.#clock,
      onReady: () => {
        this.#loadedAt = this.#clock.now();
        this.#dispatch();
      },
      onDone: (_id, outcome) => {
        this.#release(worker)?.settle(outcome);
        this.#dispatch();
      },
      onGone: (error) => this.#onGone(worker, error),
    });
    this.#workers.set(worker, undefined);
    const left = worker.exited.finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  /** The worker has no job any more; returns the one it had. */
  #release(worker: WorkerProcess): Entry | undefined {
    const running = this.#workers.get(worker);
    running?.stopTimer();
    this.#workers.set(worker, undefined);
    return running?.entry;
  }

  #onGone(worker: WorkerProcess, error: RoomKitError): void {
    const entry = this.#release(worker);
    this.#workers.delete(worker);
    if (entry) {
      entry.settle({ error });
      this.#dispatch();
    } else if (this.#workers.size === 0) {
      // It never came up, and nobody else will take what waits for it: waiting longer would only hide the reason.
      for (const waiting of this.#waiting.splice(0)) waiting.settle({ error });
    }
  }

  #timeout(what: "waited" | "ran"): RoomKitError {
    const text = `a ${this.#options.name} job ${what} longer than ${this.#jobTimeoutMs} ms`;
    return new RoomKitError("timeout", text, { retryable: true });
  }
}

function atLeastOne(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RoomKitError("invalid_option", `${name} must be a whole number >= 1`);
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}
