import type { RealtimePort } from "@roomkit/provider-utils";
import { MAX_TEXTS } from "./limits.ts";

/** Longest wait for nobody to speak, ms. */
const MAX_HOLD_MS = 20_000;

interface Held {
  readonly text: string;
  /** Whether an interruption takes it back. */
  readonly request: boolean;
}

/** Texts that want an answer once nobody speaks: to send them sooner would cut somebody off. */
export class HeldTexts {
  readonly #port: Pick<RealtimePort, "after">;
  readonly #onOverdue: () => void;
  #held: Held[] = [];
  #stopTimer: (() => void) | undefined;

  constructor(port: Pick<RealtimePort, "after">, onOverdue: () => void) {
    this.#port = port;
    this.#onOverdue = onOverdue;
  }

  hold(text: string, request: boolean): void {
    this.#held.push({ text, request });
    if (this.#held.length > MAX_TEXTS) this.#held.shift();
    this.wait();
  }

  /** Waits, for so long and no longer. */
  wait(): void {
    if (this.#held.length > 0) this.#stopTimer ??= this.#port.after(MAX_HOLD_MS, () => this.#onOverdue());
  }

  /** Waits no more, but keeps them: there is no connection. */
  rest(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  interrupt(): void {
    this.#held = this.#held.filter(({ request }) => !request);
    if (this.#held.length === 0) this.rest();
  }

  /** All of them, as one. */
  take(): string | undefined {
    this.rest();
    if (this.#held.length === 0) return undefined;
    return this.#held
      .splice(0)
      .map(({ text }) => text)
      .join("\n");
  }
}
