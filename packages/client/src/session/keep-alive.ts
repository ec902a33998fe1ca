import type { ClientClock } from "../clock.ts";

export interface KeepAliveOptions {
  readonly clock: ClientClock;
  /** Time between pings, ms. */
  readonly everyMs: number;
  /** A ping unanswered for this long, with nothing else heard, means that the connection is dead, ms. */
  readonly timeoutMs: number;
  ping(t: number): void;
  /** A ping is unanswered for longer than answers take: once, until something is heard again. */
  onQuiet?(): void;
  /** Called once. */
  onDead(): void;
}

/** A probe wants its answer within this time, ms. */
const PROBE_MS = 3_000;
/** A timer so late means that the page stood still, ms: what came meanwhile waits in line behind it, */
const LATE_MS = 500;
/** and is let past first, ms. */
const GRACE_MS = 50;

/**
 * Keeps a connection from looking idle, measures its round trip, and notices when it is dead though nobody closed it (a server
 * that was killed, a laptop that slept, a phone that changed networks). Late timers of hidden or busy pages do no harm: only an
 * unanswered ping counts.
 */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #cancel: (() => void) | undefined;
  #dueAt = 0;
  #timeoutMs: number;
  #askedAt: number | undefined;
  #roundTripMs: number | undefined;
  #quiet = false;
  #graced = false;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs;
    this.#schedule(options.everyMs);
  }

  /** The newest round trip, ms. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** For how long nothing has been heard though it should have been, ms; undefined when all is well. */
  get quietMs(): number | undefined {
    return this.#quiet ? this.#waitedMs : undefined;
  }

  get #waitedMs(): number | undefined {
    return this.#askedAt === undefined ? undefined : this.#options.clock.now() - this.#askedAt;
  }

  /** Anything came from the other side. */
  heard(): void {
    this.#askedAt = undefined;
    this.#quiet = false;
    this.#timeoutMs = this.#options.timeoutMs;
  }

  /** The answer to the ping that carried `t`. */
  pong(t: number | undefined): void {
    if (t !== undefined) this.#roundTripMs = Math.max(0, this.#options.clock.now() - t);
  }

  /** Something happened that may have killed the connection: ask now, and do not wait long. */
  probe(): void {
    this.#ask();
    this.#timeoutMs = Math.min(PROBE_MS, this.#options.timeoutMs);
    this.#schedule(Math.min(PROBE_MS, this.#options.everyMs));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(afterMs: number): void {
    this.#cancel?.();
    this.#dueAt = this.#options.clock.now() + afterMs;
    this.#cancel = this.#options.clock.setTimeout(() => this.#tick(), afterMs);
  }

  #tick(): void {
    const { clock, everyMs, onDead, onQuiet } = this.#options;
    const waited = this.#waitedMs;
    if (waited === undefined) {
      this.#ask();
    } else if (clock.now() - this.#dueAt > LATE_MS && !this.#graced) {
      this.#graced = true;
      this.#schedule(GRACE_MS);
      return;
    } else if (waited >= this.#timeoutMs) {
      this.stop();
      onDead();
      return;
    } else {
      // One may have been dropped.
      this.#options.ping(clock.now());
    }
    if (waited !== undefined && !this.#quiet && waited >= Math.max(everyMs, 3 * (this.#roundTripMs ?? 0))) {
      this.#quiet = true;
      onQuiet?.();
    }
    this.#graced = false;
    // Never past the end of the wait.
    const left = this.#timeoutMs - (this.#waitedMs ?? 0);
    if (this.#cancel) this.#schedule(Math.min(everyMs, Math.max(GRACE_MS, left)));
  }

  #ask(): void {
    const now = this.#options.clock.now();
    this.#askedAt = now;
    this.#options.ping(now);
  }
}
