import { sequenceDelta } from "@roomkit/core";

export interface BufferedPacket {
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, in the codec's clock. */
  readonly timestamp: number;
  /** Empty: nothing to play; it only has a place in the order (padding, touch tones, comfort noise). */
  readonly payload: Uint8Array;
  /** It says, in its turn, that the sender falls silent (comfort noise). */
  readonly silent?: boolean | undefined;
  /** A copy of one that may have come already. */
  readonly redundant?: boolean | undefined;
}

/** What comes out, in playing order. */
export type Playout =
  | { readonly type: "packet"; readonly packet: BufferedPacket }
  /** `count` packets before `next` never came. `next` follows as a packet of its own. */
  | { readonly type: "lost"; readonly count: number; readonly next: BufferedPacket };

export interface JitterBufferOptions {
  /** How long a packet that came out of order waits for those before it, ms. Default 60. */
  readonly maxWaitMs?: number | undefined;
  /** How many packets may wait for one before them. Default 4. */
  readonly maxWaiting?: number | undefined;
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
 * steady pace, so nothing is held back for one. A step back is always late, never a new beginning: SRTP senders do not restart
 * a source, they begin another.
 */
export class JitterBuffer {
  readonly #maxWaitMs: number;
  readonly #maxWaiting: number;
  readonly #waiting: Waiting[] = [];
  /** Index (sequence number without wrapping) whose turn is next; undefined before the first packet. */
  #next: number | undefined;
  /** Lost before what waits, and not told yet. */
  #gap = 0;
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

  /** Whether a packet has set the beginning. */
  get begun(): boolean {
    return this.#next !== undefined;
  }

  /** Another source takes the place of this one: what waits is gone, the next packet sets the beginning. */
  restart(): void {
    this.#waiting.length = 0;
    this.#next = undefined;
    this.#gap = 0;
  }

  /** Takes a packet that arrived at `now`, ms. */
  push(packet: BufferedPacket, now: number): void {
    const counts = !packet.redundant && packet.payload.length > 0;
    this.#next ??= packet.sequence;
    const index = this.#next + sequenceDelta(packet.sequence, this.#next & 0xffff);
    if (index < this.#next) {
      if (counts) this.#late++;
      return;
    }
    if (index - this.#next > MAX_STEP) {
      this.restart();
      this.#next = index;
    }
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1] as Waiting).index > index) at--;
    if (at > 0 && (this.#waiting[at - 1] as Waiting).index === index) {
      if (counts) this.#duplicate++;
      return;
    }
    if (counts) this.#received++;
    if (index > this.#next) this.#reordered++;
    this.#waiting.splice(at, 0, { index, arrived: now, packet });
  }

  /** What may be played at `now`, one at a time; undefined when nothing may. */
  pop(now: number): Playout | undefined {
    for (let first = this.#waiting[0]; first && this.#next !== undefined; first = this.#waiting[0]) {
      if (first.index > this.#next) {
        const oldest = this.#waiting.reduce((least, w) => Math.min(least, w.arrived), Number.POSITIVE_INFINITY);
        if (this.#waiting.length <= this.#maxWaiting && now - oldest < this.#maxWaitMs) return undefined;
        const count = first.index - this.#next;
        this.#lost += count;
        this.#gap += count;
        this.#next = first.index;
      }
      const { packet } = first;
      if (this.#gap > 0 && packet.payload.length > 0) {
        const count = this.#gap;
        this.#gap = 0;
        return { type: "lost", count, next: packet };
      }
      this.#waiting.shift();
      this.#next++;
      if (packet.payload.length > 0 || packet.silent) return { type: "packet", packet };
    }
    return undefined;
  }
}
