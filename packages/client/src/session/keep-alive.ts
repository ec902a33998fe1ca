import type { ClientClock } from "../clock.ts";

export interface KeepAliveOptions {
  readonly clock: ClientClock;
  /** Time between pings, ms. */
  readonly everyMs: number;
  /** A ping unanswered for this long, with nothing else heard, means that the connection is dead, ms. */
  readonly timeoutMs: number;
  ping(t: number): void;
  /** Called once. */
  onDead(): void;
}

/** A probe wants its answer within this time, ms. */
const PROBE_MS = 3_000;

/**
 * Keeps a connection from looking idle, measures its round trip, and notices when it is dead though nobody closed it (a
 * laptop that slept, a phone that changed networks). Late timers of hidden pages do no harm: only an unanswered ping counts.
 */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #cancel: (() => void) | undefined;
  #askedAt: number | undefined;
  #roundTripMs: number | undefined;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#schedule(options.everyMs);
  }

  /** The newest round trip, ms. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** Anything came from the other side. */
  heard(): void {
    this.#askedAt = undefined;
  }

  /** The answer to the ping that carried `t`. */
  pong(t: number | undefined): void {
    if (t !== undefined) this.#roundTripMs = Math.max(0, this.#options.clock.now() - t);
  }

  /** Something happened that may have killed the connection: ask now, and do not wait long. */
  probe(): void {
    this.#askedAt = undefined;
    this.#ask();
    this.#schedule(PROBE_MS, PROBE_MS);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(afterMs: number, timeoutMs: number = this.#options.timeoutMs): void {
    this.#cancel?.();
    this.#cancel = this.#options.clock.setTimeout(() => this.#tick(timeoutMs), afterMs);
  }

  #tick(timeoutMs: number): void {
    const { clock, everyMs, onDead } = this.#options;
    if (this.#askedAt !== undefined && clock.now() - this.#askedAt >= timeoutMs) {
      this.stop();
      onDead();
      return;
    }
    if (this.#askedAt === undefined) this.#ask();
    this.#schedule(everyMs);
  }

  #ask(): void {
    const now = this.#options.clock.now();
    this.#askedAt = now;
    this.#options.ping(now);
  }
}
