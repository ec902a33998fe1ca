import {
  type Cancel,
  type Clock,
  consoleLogger,
  errorFields,
  type Logger,
  RoomKitError,
  type Unsubscribe,
} from "@roomkit/core";
import { PacingLateness } from "./lateness.ts";

export interface PacingWheelOptions {
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
  /** How often each subscriber is called, ms. Default 20: one audio frame. */
  readonly tickMs?: number | undefined;
  /** Into how many evenly spaced groups subscribers are spread, so that not all of them send at one instant. Default 4. */
  readonly slots?: number | undefined;
}

/** Called with the time it stands for, ms on the wheel's clock: its deadline, or later after a stall. */
export type Tick = (now: number) => void;

const shared = new WeakMap<Clock, PacingWheel>();

/**
 * One timer for everything in a process that must happen every 20 ms. Deadlines are absolute (origin + n x tick), so lateness
 * never adds up; after a stall each subscriber is called once, not once for every tick it missed. A wheel without subscribers
 * has no timer.
 */
export class PacingWheel {
  /** How late its turns were; after a stall one late turn. */
  readonly lateness: PacingLateness = new PacingLateness();
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #slotMs: number;
  readonly #slots: Set<Tick>[];
  #origin = 0;
  /** Slot boundaries, counted from the origin: up to which all have been called, and for which the timer is set. */
  #done = 0;
  #target = 0;
  #cancel: Cancel | undefined;
  #turning = false;

  constructor(options: PacingWheelOptions) {
    const { tickMs = 20, slots = 4 } = options;
    if (!(tickMs > 0) || !Number.isInteger(slots) || slots < 1) {
      throw new RoomKitError("invalid_option", "a wheel has a tick longer than 0 ms and at least one slot");
    }
    this.#clock = options.clock;
    this.#logger = options.logger ?? consoleLogger;
    this.#slotMs = tickMs / slots;
    this.#slots = Array.from({ length: slots }, () => new Set<Tick>());
  }

  /** The wheel all sessions on this clock share. */
  static shared(clock: Clock): PacingWheel {
    let wheel = shared.get(clock);
    if (!wheel) {
      wheel = new PacingWheel({ clock });
      shared.set(clock, wheel);
    }
    return wheel;
  }

  /** How many subscribers there are. */
  get size(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.size, 0);
  }

  /** Calls `tick` every 20 ms from within the next 20 ms on. */
  subscribe(tick: Tick): Unsubscribe {
    // Wrapped, so that one function can subscribe twice.
    const entry: Tick = (now) => tick(now);
    const slot = this.#slots.reduce((least, candidate) => (candidate.size < least.size ? candidate : least));
    slot.add(entry);
    if (!this.#turning) this.#reach(this.#slots.indexOf(slot));
    return () => {
      slot.delete(entry);
      if (this.size > 0) return;
      this.#cancel?.();
      this.#cancel = undefined;
    };
  }

  /** Sees to it that the timer runs for the next boundary of a slot, or earlier. */
  #reach(index: number): void {
    const now = this.#clock.now();
    if (!this.#cancel) {
      this.#origin = now;
      this.#done = 0;
    }
    const count = this.#slots.length;
    const next = Math.floor((now - this.#origin) / this.#slotMs) + 1;
    const boundary = next + ((index - (next % count) + count) % count);
    if (this.#cancel && this.#target <= boundary) return;
    this.#cancel?.();
    this.#arm(boundary);
  }

  #arm(boundary: number): void {
    this.#target = boundary;
    this.#cancel = this.#clock.setTimeout(() => this.#turn(), this.#deadline(boundary) - this.#clock.now());
  }

  #turn(): void {
    this.#turning = true;
    const now = this.#clock.now();
    this.lateness.note(now - this.#deadline(this.#target));
    const count = this.#slots.length;
    // A platform's timer may run a fraction of a millisecond early.
    const due = Math.max(this.#target, Math.floor((now - this.#origin) / this.#slotMs));
    // After a stall: each slot once, in the order of their deadlines.
    for (let boundary = Math.max(this.#done + 1, due - count + 1); boundary <= due; boundary++) {
      const at = Math.max(now, this.#deadline(boundary));
      for (const tick of [...this.#slot(boundary)]) this.#call(tick, at);
    }
    this.#done = due;
    this.#turning = false;
    this.#cancel = undefined;
    for (let boundary = due + 1; boundary <= due + count; boundary++) {
      if (this.#slot(boundary).size === 0) continue;
      this.#arm(boundary);
      return;
    }
  }

  #call(tick: Tick, now: number): void {
    try {
      tick(now);
    } catch (error) {
      // One session's failure must not stop everybody else's audio.
      this.#logger.error(errorFields(error), "a pacing tick failed");
    }
  }

  #slot(boundary: number): Set<Tick> {
    return this.#slots[boundary % this.#slots.length] as Set<Tick>;
  }

  #deadline(boundary: number): number {
    return this.#origin + boundary * this.#slotMs;
  }
}
