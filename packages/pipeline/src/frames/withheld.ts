import { type AudioFrame, frameDurationMs } from "@roomkit/core";

/** A guard takes so long to find a caller under the echo: as much of what it took out before may be theirs, ms. */
const RESTORED_MS = 400;
/** What a guard is given is kept for so long, ms. */
const KEPT_MS = 1_000;
/** Timestamps of the same sample differ by rounding only, ms. */
const ROUNDING_MS = 0.01;

/**
 * What an echo guard took out last. It cannot give it back when it finds that a caller had begun there; their words would lack their first sound, which
 * recognisers make up. So that much is put back in what they are given of the time before speech was found.
 */
export class Withheld {
  /** What the guard was given, the newest last. */
  #given: AudioFrame[] = [];
  /** End of what it took out last, ms. */
  #takenMs = Number.NEGATIVE_INFINITY;
  /** Nothing was taken out of the newest frame. */
  #open = true;

  /** A frame as the guard was given it, and the one it left, which may be of a little earlier. */
  note(given: AudioFrame, left: AudioFrame): void {
    const endMs = given.timestamp + frameDurationMs(given);
    // Also where the clock jumps back, nothing is kept for longer.
    const near = ({ timestamp }: AudioFrame): boolean => timestamp > endMs - KEPT_MS && timestamp < given.timestamp;
    this.#given = [...this.#given.filter(near), given];
    if (left.samples.length === 0) return;
    const whole = this.#between(left);
    this.#open = whole === undefined || same(left.samples, whole);
    if (!this.#open) this.#takenMs = left.timestamp + frameDurationMs(left);
  }

  /** Where that begins which is put back, of speech that is found now to have begun at a time; the same time where nothing is. */
  since(timestamp: number): number {
    const near = this.#open && this.#takenMs > timestamp;
    return near ? Math.min(timestamp, this.#takenMs - RESTORED_MS) : timestamp;
  }

  /** The same frames, with what was taken out of them last, where the guard is open again. */
  restored(frames: readonly AudioFrame[]): readonly AudioFrame[] {
    if (!this.#open) return frames;
    return frames.map((frame) => {
      const before = this.#takenMs - frame.timestamp;
      if (before <= ROUNDING_MS || before > RESTORED_MS + ROUNDING_MS) return frame;
      const samples = this.#between(frame);
      return samples ? { ...frame, samples } : frame;
    });
  }

  /** What the guard was given where a frame is; undefined where not all of it is known. */
  #between({ timestamp, samples, sampleRate }: AudioFrame): Int16Array | undefined {
    const found = new Int16Array(samples.length);
    let known = 0;
    for (const given of this.#given) {
      const skip = Math.round(((timestamp - given.timestamp) * sampleRate) / 1000);
      const from = Math.max(0, skip);
      const to = Math.min(given.samples.length, skip + found.length);
      if (from >= to) continue;
      found.set(given.samples.subarray(from, to), from - skip);
      known += to - from;
    }
    return known === found.length ? found : undefined;
  }
}

function same(a: Int16Array, b: Int16Array): boolean {
  return a.every((sample, i) => sample === b[i]);
}
