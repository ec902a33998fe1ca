import type { RealtimePort } from "@roomkit/provider-utils";

/** One wait at a time. */
export class Timer {
  readonly #port: Pick<RealtimePort, "after">;
  readonly #ms: number;
  readonly #onDue: () => void;
  #stop: (() => void) | undefined;

  constructor(port: Pick<RealtimePort, "after">, ms: number, onDue: () => void) {
    this.#port = port;
    this.#ms = ms;
    this.#onDue = onDue;
  }

  get running(): boolean {
    return this.#stop !== undefined;
  }

  /** Begins to wait, unless it does. */
  start(): void {
    this.#stop ??= this.#port.after(this.#ms, () => {
      this.#stop = undefined;
      this.#onDue();
    });
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
