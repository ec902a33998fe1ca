import { sequenceDelta } from "./rtp.ts";

export interface BufferedPacket {
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, in the codec's clock. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** What comes out, in playing order. */
export type Playout =
  | { readonly type: "packet"; readonly packet: BufferedPacket }
  /** `count` packets before `next` never came. `next` follows as a packet of its own. */
  | { readonly type: "lost"; readonly count: number; readonly next: BufferedPacket };

export interface JitterBufferOptions {
  /** How long a packet that came out of order waits for those before it, ms. Default 60. */
  readonly maxWaitMs?: number;
  /** How many packets may wait for one before them. Default 4. */
  readonly maxWaiting?: number;
}

export interface JitterStats {
  readonly received: number;
  /** Never came, or too late. */
  readonly lost: number;
  /** Came after their turn. */
  readonly late: number;
  readonly duplicate: number;
  /** Came before their turn and waited. */
  readonly reordered: number;
}

/** A forward step of more packets than this is a new beginning, not a loss: half a minute of 20 ms packets. */
const MAX_STEP = 1_500;

interface Waiting {
  readonly index: number;
  readonly arrived: number;
  readonly packet: BufferedPacket;
}

/**
 * Puts the packets of one stream in order. Adds no delay of its own: a packet whose turn it is goes out when it comes; only
 * one that overtook others waits, until they come, `maxWaitMs` pass, or too many wait. What feeds a recogniser needs no
 * steady pace, so nothing is held back for one. A step back is always late, never a new beginning: SRTP senders do not restart.
 */
export class JitterBuffer {
  readonly #maxWaitMs: number;
  readonly #maxWaiting: number;
  readonly #waiting: Waiting[] = [];
  /** Index (sequence number without wrapping) whose turn is next; undefined before the first packet. */
  #next: number | undefined;
  #received = 0;
  #lost = 0;
  #late = 0;
  #duplicate = 0;
  #reordered = 0;

  constructor(options: JitterBufferOptions = {}) {
    this.#maxWaitMs = options.maxWaitMs ?? 60;
    this.#maxWaiting = options.maxWaiting ?? 4;
  }

  get stats(): JitterStats {
    return {
      received: this.#received,
      lost: this.#lost,
      late: this.#late,
      duplicate: this.#duplicate,
      reordered: this.#reordered,
    };
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a packet that arrived at `now` (ms); `redundant`: a copy of one that may have come already. */
  push(packet: BufferedPacket, now: number, redundant = false): void {
    this.#next ??= packet.sequence;
    const index = this.#next + sequenceDelta(packet.sequence, this.#next & 0xffff);
    if (index < this.#next) {
      if (!redundant) this.#late++;
      return;
    }
    if (index - this.#next > MAX_STEP) {
      this.#waiting.length = 0;
      this.#next = index;
    }
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1] as Waiting).index > index) at--;
    if (at > 0 && (this.#waiting[at - 1] as Waiting).index === index) {
      if (!redundant) this.#duplicate++;
      return;
    }
    if (!redundant) this.#received++;
    if (index > this.#next) this.#reordered++;
    this.#waiting.splice(at, 0, { index, arrived: now, packet });
  }

  /** What may be played at `now`, one at a time; undefined when nothing may. */
  pop(now: number): Playout | undefined {
    const first = this.#waiting[0];
    if (first === undefined || this.#next === undefined) return undefined;
    if (first.index > this.#next) {
      const oldest = this.#waiting.reduce((least, w) => Math.min(least, w.arrived), Number.POSITIVE_INFINITY);
      if (this.#waiting.length <= this.#maxWaiting && now - oldest < this.#maxWaitMs) return undefined;
      const count = first.index - this.#next;
      this.#lost += count;
      this.#next = first.index;
      return { type: "lost", count, next: first.packet };
    }
    this.#waiting.shift();
    this.#next++;
    return { type: "packet", packet: first.packet };
  }
}
