import { type Cancel, type Clock, makeClock, RoomKitError } from "@roomkit/core";
import { settle } from "./settle.ts";

/** One timer may be followed by so many others at the same instant before a test is stuck rather than busy. */
const MAX_TIMERS_PER_INSTANT = 10_000;

export interface VirtualClockOptions {
  /** What `now()` begins at, ms. Default 0. */
  readonly now?: number | undefined;
  /** What `wallTime()` begins at, ms since 1970. Default 2025-01-01T00:00:00Z. */
  readonly wallTime?: number | undefined;
  /** Event-loop turns given away after each timer, >= 1. Default 2; more where real I/O must keep up. */
  readonly turns?: number | undefined;
}

interface Timer {
  readonly due: number;
  readonly handler: () => void;
}

/**
 * A {@link Clock} that stands still until a test moves it: timers run in the order of their times (equal times: in the order
 * they were set), and between two timers everything that waits only for promises runs on. No timer runs by itself, not even
 * one of 0 ms: `advance(0)` runs those.
 */
export class VirtualClock implements Clock {
  readonly sleep: Clock["sleep"];
  readonly #wallOffset: number;
  readonly #turns: number;
  /** Sorted by `due`, equal ones in the order they were set. */
  readonly #timers: Timer[] = [];
  #now: number;
  #moving = false;

  constructor(options: VirtualClockOptions = {}) {
    this.#now = options.now ?? 0;
    this.#wallOffset = (options.wallTime ?? Date.UTC(2025, 0, 1)) - this.#now;
    this.#turns = options.turns ?? 2;
    if (!Number.isInteger(this.#turns) || this.#turns < 1) {
      throw new RoomKitError("invalid_option", "turns must be a whole number >= 1");
    }
    this.sleep = makeClock({
      now: () => this.now(),
      wallTime: () => this.wallTime(),
      setTimeout: (handler, ms) => this.setTimeout(handler, ms),
    }).sleep;
  }

  // Arrow functions, so that they can be passed on alone, as those of the real clock can.
  readonly now = (): number => this.#now;

  readonly wallTime = (): number => this.#wallOffset + this.#now;

  readonly setTimeout = (handler: () => void, ms: number): Cancel => {
    const timer: Timer = { due: this.#now + Math.max(0, ms), handler };
    let at = this.#timers.length;
    while (at > 0 && (this.#timers[at - 1] as Timer).due > timer.due) at--;
    this.#timers.splice(at, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  };

  /** Timers that have neither run nor been cancelled: what a test counts to see that nothing was left behind. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /**
   * Moves time `ms` milliseconds on, running every timer that comes due on the way, also those set on the way.
   *
   * @throws RoomKitError `clock_busy` when it is being moved already (an `await` is missing), `clock_stuck` when timers of one
   *   instant never end, or what a timer's handler throws (time then stands where that timer was).
   */
  async advance(ms: number): Promise<void> {
    await this.#move(ms, () => false);
  }

  /** Lets time pass while no timer runs, as in a process that is held up: those that were due run late, when time moves on again. */
  holdUp(ms: number): void {
    if (!(ms >= 0)) throw new RoomKitError("invalid_option", "a clock moves forward only");
    this.#now += ms;
  }

  /**
   * Moves time on until `predicate` holds, looking after each timer; returns how many ms that took.
   *
   * @throws RoomKitError `timeout` when it does not hold after `maxMs`; otherwise as {@link advance}.
   */
  async advanceUntil(predicate: () => boolean, maxMs = 60_000): Promise<number> {
    const start = this.#now;
    if (await this.#move(maxMs, predicate)) return this.#now - start;
    throw new RoomKitError("timeout", `the condition did not hold within ${maxMs} ms of virtual time`);
  }

  async #move(ms: number, until: () => boolean): Promise<boolean> {
    if (this.#moving) throw new RoomKitError("clock_busy", "the clock is being moved already; is an await missing?");
    if (!(ms >= 0)) throw new RoomKitError("invalid_option", "a clock moves forward only");
    this.#moving = true;
    try {
      const target = this.#now + ms;
      let atInstant = 0;
      await settle(this.#turns);
      while (!until()) {
        const next = this.#timers[0];
        if (next === undefined || next.due > target) {
          this.#now = target;
          await settle(this.#turns);
          // Code that ran just now may have set a timer that is due already.
          if ((this.#timers[0]?.due ?? Number.POSITIVE_INFINITY) <= target && !until()) continue;
          return until();
        }
        this.#timers.shift();
        atInstant = next.due > this.#now ? 0 : atInstant + 1;
        if (atInstant > MAX_TIMERS_PER_INSTANT) {
          throw new RoomKitError("clock_stuck", `timers at ${this.#now} ms keep setting timers for the same instant`);
        }
        // A timer set by a late microtask can be due before now; time never runs backwards.
        this.#now = Math.max(this.#now, next.due);
        next.handler();
        await settle(this.#turns);
      }
      return true;
    } finally {
      this.#moving = false;
    }
  }
}
