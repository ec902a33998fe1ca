import type { RealtimeEvent } from "@roomkit/core";
import type { RealtimePort } from "@roomkit/provider-utils";

/** More than anybody says while a transcript is waited for. */
const MAX_HELD = 2_000;
/** Items whose words came too late are remembered, so that they wait for nobody when they come. */
const MAX_LATE = 32;

/** One who speaks, in the order in which it began. */
interface Slot {
  readonly id: string;
  readonly role: "user" | "assistant";
  /** The item before it, where the vendor tells. */
  readonly previous: string | undefined;
  /** The caller's words are still to come, and what was caused by them waits. */
  open: boolean;
  held: RealtimeEvent[];
  stopTimer: () => void;
}

/**
 * Puts words in the order in which they were spoken. Another model writes the caller's down, often later than the answer to
 * them begins, and two stretches of speech in any order: until they are there (or have taken too long, each for itself) the words
 * spoken after them wait, as do an answer's tool calls and its end. Its audio does not.
 */
export class EventOrder {
  readonly #port: RealtimePort;
  readonly #waitMs: number;
  #slots: Slot[] = [];
  readonly #late = new Set<string>();

  constructor(port: RealtimePort, waitMs: number) {
    this.#port = port;
    this.#waitMs = waitMs;
  }

  /** Words of the caller will come. Told twice, it is told once. */
  expect(itemId: string, previous: string | null | undefined): void {
    if (this.#find(itemId)) return;
    const slot = this.#insert(itemId, "user", previous ?? undefined);
    slot.open = true;
    slot.stopTimer = this.#port.after(this.#waitMs, () => this.#giveUp(slot));
  }

  /** Gives out words of the caller; the final ones let those that wait for them go. */
  user(itemId: string, event: Extract<RealtimeEvent, { type: "transcript" }>): void {
    if (this.#late.has(itemId)) {
      this.#port.emit(event);
      return;
    }
    const slot = this.#find(itemId) ?? this.#insert(itemId, "user", undefined);
    // Each says the whole text so far.
    slot.held = [event];
    if (event.final) this.#close(slot);
    else this.#flush();
  }

  /** Gives out an event of a response, now or when its time has come. */
  emit(responseId: string, event: RealtimeEvent): void {
    const slot = this.#find(responseId) ?? this.#insert(responseId, "assistant", undefined);
    const { type } = event;
    const endHeld = this.#slots.some(({ held }) => held.some((each) => each.type === "response-end"));
    const overtakes =
      type === "audio" || type === "response-start" || (type === "response-end" && slot.held.length === 0);
    if (overtakes && !endHeld) {
      this.#port.emit(event);
      if (type === "response-end") this.#slots = this.#slots.filter((each) => each !== slot);
      return;
    }
    slot.held.push(event);
    if (this.#slots.reduce((sum, { held }) => sum + held.length, 0) > MAX_HELD) this.release();
    else this.#flush();
  }

  /** Everything that waits, now. */
  release(): void {
    for (const slot of this.#slots) {
      slot.stopTimer();
      slot.open = false;
    }
    this.#flush();
    this.#slots = [];
  }

  #find(id: string): Slot | undefined {
    return this.#slots.find((slot) => slot.id === id);
  }

  #insert(id: string, role: Slot["role"], previous: string | undefined): Slot {
    const slot: Slot = { id, role, previous, open: false, held: [], stopTimer: () => {} };
    const follower = this.#slots.findIndex((each) => each.previous === id);
    if (follower >= 0) this.#slots.splice(follower, 0, slot);
    else this.#slots.push(slot);
    return slot;
  }

  #giveUp(slot: Slot): void {
    this.#late.add(slot.id);
    if (this.#late.size > MAX_LATE) this.#late.delete(this.#late.values().next().value as string);
    this.#close(slot);
  }

  #close(slot: Slot): void {
    slot.stopTimer();
    slot.open = false;
    this.#flush();
  }

  #flush(): void {
    for (;;) {
      const open = this.#slots.findIndex((each) => each.open);
      const free = open < 0 ? this.#slots : this.#slots.slice(0, open + 1);
      const slot = free.find(({ held }) => held.length > 0);
      const event = slot?.held.shift();
      if (!slot || !event) break;
      if (event.type === "response-end" || (event.type === "transcript" && event.role === "user" && event.final))
        this.#slots = this.#slots.filter((each) => each !== slot);
      this.#port.emit(event);
    }
    // Nobody waits for those whose time has passed.
    this.#slots = this.#slots.filter(({ role, open, held }) => role === "assistant" || open || held.length > 0);
  }
}
