import type { RealtimeEvent } from "@roomkit/core";
import type { RealtimePort } from "@roomkit/provider-utils";

/** More than any answer says while a transcript is waited for. */
const MAX_HELD = 2_000;

/**
 * Puts the caller's words before what they caused. Another model writes them down, often later than the answer begins: until
 * they are there (or have taken too long) the answer's words and tool calls wait; its audio does not.
 */
export class EventOrder {
  readonly #port: RealtimePort;
  readonly #waitMs: number;
  /** The caller's items whose words are still to come. */
  readonly #expected = new Set<string>();
  /** Responses that began with nothing expected: no words to come are their cause. */
  readonly #free = new Set<string>();
  #held: RealtimeEvent[] = [];
  #endHeld = false;
  #stopTimer: () => void = () => {};

  constructor(port: RealtimePort, waitMs: number) {
    this.#port = port;
    this.#waitMs = waitMs;
  }

  expect(itemId: string): void {
    if (this.#expected.size === 0) this.#stopTimer = this.#port.after(this.#waitMs, () => this.release());
    this.#expected.add(itemId);
  }

  /** The words of an item have been given out, or will never be. */
  settled(itemId: string): void {
    if (this.#expected.delete(itemId) && this.#expected.size === 0) this.release();
  }

  /** Gives out an event of a response, now or when its time has come. */
  emit(responseId: string, event: RealtimeEvent): void {
    const { type } = event;
    if (type === "response-start" && this.#expected.size === 0) this.#free.add(responseId);
    const free = this.#free.has(responseId);
    if (type === "response-end") this.#free.delete(responseId);
    const audible = (type === "audio" || type === "response-start") && !this.#endHeld;
    if (this.#expected.size === 0 || free || audible || (type === "response-end" && this.#held.length === 0)) {
      this.#port.emit(event);
      return;
    }
    this.#held.push(event);
    this.#endHeld ||= type === "response-end";
    if (this.#held.length > MAX_HELD) this.release();
  }

  /** Everything that waits, now. */
  release(): void {
    this.#stopTimer();
    this.#expected.clear();
    const held = this.#held;
    this.#held = [];
    this.#endHeld = false;
    for (const event of held) this.#port.emit(event);
  }
}
