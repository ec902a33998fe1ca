import type { AudioFrame } from "@roomkit/core";

/** A client that jumps further ahead than this has restarted its count rather than lost audio, ms. */
const LONGEST_GAP_MS = 10_000;

/**
 * Gives the caller's audio its times: counted in samples since the stream began, so that they only grow whatever a client sends.
 * Where the client counts too (v1 offsets, telephone sequence numbers), what comes twice is dropped and what is missing leaves a gap.
 */
export class InboundStream {
  readonly #sampleRate: number;
  /** Samples before the next one, on our count and (modulo 2^32) on the client's. */
  #position: number;
  #expected = 0;
  #sequence = -1;

  /** @param startMs time of the first sample. */
  constructor(sampleRate: number, startMs = 0) {
    this.#sampleRate = sampleRate;
    this.#position = Math.round((startMs * sampleRate) / 1000);
  }

  /** Time of the next sample, ms. */
  get timeMs(): number {
    return (this.#position / this.#sampleRate) * 1000;
  }

  /** False for a telephone message that was there already. */
  inSequence(sequenceNumber: number): boolean {
    if (sequenceNumber <= this.#sequence) return false;
    this.#sequence = sequenceNumber;
    return true;
  }

  /** The next frame, or the part of it that is new; undefined when nothing is. `offset` is the client's count, if it has one. */
  frame(samples: Int16Array, offset: number = this.#expected): AudioFrame | undefined {
    // Signed difference modulo 2^32.
    const gap = (offset - this.#expected) | 0;
    let fresh = samples;
    if (gap < 0) {
      if (-gap >= samples.length) return undefined;
      fresh = samples.subarray(-gap);
    } else {
      if ((gap / this.#sampleRate) * 1000 <= LONGEST_GAP_MS) this.#position += gap;
      this.#expected = (this.#expected + gap) >>> 0;
    }
    const frame: AudioFrame = { samples: fresh, sampleRate: this.#sampleRate, channels: 1, timestamp: this.timeMs };
    this.skip(fresh.length);
    return frame;
  }

  /** Samples came that go nowhere. */
  skip(count: number): void {
    this.#position += count;
    this.#expected = (this.#expected + count) >>> 0;
  }
}
