/** Bounds what is on its way to another thread and has not been dealt with there: a thread that stalls must not make the other one's memory grow. */
export class Credit {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether `amount` more may be sent. */
  take(amount: number): boolean {
    if (this.#used + amount > this.#limit) return false;
    this.#used += amount;
    return true;
  }

  /** The other thread has dealt with `amount`. */
  give(amount: number): void {
    this.#used -= amount;
  }
}

/** Tells the sender what has been dealt with, not each piece by itself. */
export class Receipts {
  readonly #step: number;
  readonly #tell: (amount: number) => void;
  #amount = 0;

  constructor(step: number, tell: (amount: number) => void) {
    this.#step = step;
    this.#tell = tell;
  }

  add(amount: number): void {
    this.#amount += amount;
    if (this.#amount < this.#step) return;
    this.#tell(this.#amount);
    this.#amount = 0;
  }
}

/** What a message costs beside its content, bytes. */
const OVERHEAD_BYTES = 100;

/** What audio or a data channel message counts for, bytes. */
export function costOf(content: Int16Array | Uint8Array | string): number {
  return OVERHEAD_BYTES + (typeof content === "string" ? content.length * 2 : content.byteLength);
}

/** From a call to the main thread: half a minute of speech, or thousands of messages. */
export const INBOUND_BYTES = 1_048_576;
export const INBOUND_STEP_BYTES = 65_536;
/** To a call's track, frames of 20 ms. What a stalled worker finds when it goes on is sent at once, and a browser's jitter buffer takes 200 ms. */
export const TRACK_FRAMES = 10;
export const TRACK_STEP_FRAMES = 3;
