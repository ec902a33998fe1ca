import { afterSilence, type Cancel, type Clock } from "@roomkit/core";

export interface PingWatchdogOptions {
  readonly clock: Clock;
  /** Ping after so long without a sign of life, ms. 0: never. */
  readonly intervalMs: number;
  /** Longest wait for a sign of life after a ping, ms. */
  readonly timeoutMs: number;
  readonly ping: () => void;
  /** Called once, when the peer is given up. */
  readonly onDead: () => void;
}

/** Finds out that a peer is gone though its connection looks open (a lost network, a suspended machine). */
export class PingWatchdog {
  readonly #options: PingWatchdogOptions;
  #heardAt: number;
  #asked = false;
  #suspended = false;
  #cancel: Cancel | undefined;

  constructor(options: PingWatchdogOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#schedule(options.intervalMs);
  }

  /** Anything came from the peer. Costs one assignment: timers are not moved for every message. */
  heard(): void {
    this.#heardAt = this.#options.clock.now();
    this.#asked = false;
  }

  /** While suspended nothing is read from the connection, so silence proves nothing. */
  suspend(suspended: boolean): void {
    if (this.#suspended && !suspended) this.heard();
    this.#suspended = suspended;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(ms: number): void {
    const { clock, intervalMs } = this.#options;
    if (intervalMs > 0) this.#cancel = afterSilence(clock, ms, () => this.#tick());
  }

  #tick(): void {
    const { clock, intervalMs, timeoutMs, ping, onDead } = this.#options;
    const quietMs = clock.now() - this.#heardAt;
    if (this.#suspended) {
      this.#schedule(intervalMs);
    } else if (this.#asked) {
      this.stop();
      onDead();
    } else if (quietMs < intervalMs) {
      this.#schedule(intervalMs - quietMs);
    } else {
      this.#asked = true;
      ping();
      this.#schedule(timeoutMs);
    }
  }
}
