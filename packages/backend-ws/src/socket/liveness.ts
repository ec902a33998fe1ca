import { afterSilence, type Cancel, type Clock } from "@roomkit/core";

export interface LivenessOptions {
  readonly clock: Clock;
  readonly heartbeatMs: number;
  readonly idleTimeoutMs: number;
  /** Sends a ping; absent where the socket has none. */
  readonly ping: (() => void) | undefined;
  /** The client answered no ping, or sent nothing for too long. */
  readonly onLost: (code: "client_lost" | "idle_timeout") => void;
}

/** Finds out that a client is gone though its socket is not: a cable was pulled, a laptop closed. */
export class Liveness {
  readonly #options: LivenessOptions;
  #seen: number;
  #pinged = false;
  #cancel: Cancel | undefined;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#seen = options.clock.now();
    this.#arm();
  }

  /** Something came from the client. */
  alive(): void {
    this.#seen = this.#options.clock.now();
    this.#pinged = false;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    const { clock, ping, heartbeatMs, idleTimeoutMs } = this.#options;
    const untilIdle = this.#seen + idleTimeoutMs - clock.now();
    this.#cancel = afterSilence(clock, ping ? Math.min(heartbeatMs, untilIdle) : untilIdle, () => this.#check());
  }

  #check(): void {
    const { clock, ping, idleTimeoutMs, onLost } = this.#options;
    this.#cancel = undefined;
    if (clock.now() - this.#seen >= idleTimeoutMs) {
      onLost("idle_timeout");
      return;
    }
    if (this.#pinged) {
      onLost("client_lost");
      return;
    }
    if (ping) {
      this.#pinged = true;
      ping();
    }
    this.#arm();
  }
}
