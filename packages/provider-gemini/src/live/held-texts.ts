import type { RealtimePort } from "@roomkit/provider-utils";
import { MAX_TEXTS } from "./limits.ts";
import { Timer } from "./timer.ts";

/** Longest wait for nobody to speak, ms. */
const MAX_HOLD_MS = 20_000;

interface Held {
  readonly text: string;
  /** Whether an interruption takes it back. */
  readonly request: boolean;
}

/** Texts that want an answer once nobody speaks: to send them sooner would cut somebody off. */
export class HeldTexts {
  readonly #timer: Timer;
  #held: Held[] = [];

  constructor(port: Pick<RealtimePort, "after">, onOverdue: () => void) {
    this.#timer = new Timer(port, MAX_HOLD_MS, onOverdue);
  }

  hold(text: string, request: boolean): void {
    this.#held.push({ text, request });
    if (this.#held.length > MAX_TEXTS) this.#held.shift();
    this.wait();
  }

  /** Waits, for so long and no longer. */
  wait(): void {
    if (this.#held.length > 0) this.#timer.start();
  }

  /** Waits no more, but keeps them: there is no connection. */
  rest(): void {
    this.#timer.stop();
  }

  interrupt(): void {
    this.#held = this.#held.filter(({ request }) => !request);
    if (this.#held.length === 0) this.rest();
  }

  /** Gives all of them, as one, if there are any. */
  take(ask: (text: string) => void): void {
    this.rest();
    const texts = this.#held.splice(0).map(({ text }) => text);
    if (texts.length > 0) ask(texts.join("\n"));
  }
}
