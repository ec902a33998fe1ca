import { type AudioFrame, frameDurationMs } from "@roomkit/core";

/** A guard takes so long to find a caller under the echo: as much of what it took out before may be theirs, ms. */
const KEEP_MS = 200;

/**
 * What an echo guard took out last. It cannot give it back when it finds that a caller had begun there; their words would lack their first sound, which
 * recognisers make up. So that much is put back in what they are given of the time before speech was found.
 */
export class Withheld {
  #frames: AudioFrame[] = [];
  /** Nothing was taken out of the newest frame. */
  #open = true;

  /** A frame as the guard was given it, and as it left it. */
  note(given: AudioFrame, left: AudioFrame): void {
    if (left.samples.length === 0) return;
    // Of what comes out at another time, nobody knows which is which.
    this.#open = left.timestamp === given.timestamp && same(left.samples, given.samples);
    if (this.#open || left.timestamp !== given.timestamp || left.samples.length !== given.samples.length) return;
    const since = given.timestamp + frameDurationMs(given) - KEEP_MS;
    // Also where the clock jumped back, nothing is kept for longer.
    const near = ({ timestamp }: AudioFrame): boolean => timestamp >= since && timestamp < given.timestamp;
    this.#frames = [...this.#frames.filter(near), given];
  }

  /** The same frames, with what was taken out of them last where the guard is open again. */
  restored(frames: readonly AudioFrame[]): readonly AudioFrame[] {
    const kept = this.#open ? this.#frames : [];
    this.#frames = [];
    return frames.map((frame) => {
      const { timestamp, samples } = frame;
      const whole = kept.find((each) => each.timestamp === timestamp && each.samples.length === samples.length);
      return whole ?? frame;
    });
  }
}

function same(a: Int16Array, b: Int16Array): boolean {
  return a.length === b.length && a.every((sample, i) => sample === b[i]);
}
