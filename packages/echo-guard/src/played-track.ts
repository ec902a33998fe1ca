import { BANDS, SILENT_DB } from "./spectrum.ts";

/** Length of a hop, ms. */
export const HOP_MS = 10;
/** Hops that are remembered: the longest delay, what is compared at once, and what is ahead of the microphone. */
const KEPT = 256;
/** What was played is held to be heard on, falling by so much each hop: a room's reverberation of 400 ms. */
const FALL_DB = 1.5;
/** What a loudspeaker bends is heard so much fainter than it may be at most, dB. */
const BENT_DB = -14;
/** What is louder in any band is audible, dB of full scale. */
const AUDIBLE_DB = -75;

/** What is played, as levels in bands, by its place on the axis of hops. What was not told of is silence. */
export class PlayedTrack {
  readonly #levels = new Float32Array(KEPT * BANDS).fill(SILENT_DB);
  /** With what a loudspeaker bends of it, and the reverberation of what came before. */
  readonly #heard = new Float32Array(KEPT * BANDS).fill(SILENT_DB);
  /** Up to where it is known. */
  end = 0;
  /** The newest place at which something was audible, and is yet heard. */
  #audibleTo = Number.NEGATIVE_INFINITY;

  get levels(): Float32Array {
    return this.#levels;
  }

  get heard(): Float32Array {
    return this.#heard;
  }

  /** Index of a place in both; what is not known yet is silence that follows what is. */
  at(place: number): number {
    return (((place % KEPT) + KEPT) % KEPT) * BANDS;
  }

  /** Makes it known up to a place, the end of it left out, with silence. */
  extend(to: number): void {
    const from = Math.max(this.end, to - KEPT);
    for (let place = from; place < to; place++) this.#put(place, undefined);
    this.end = Math.max(this.end, to);
  }

  /** What is played at a place, and what a loudspeaker bends of it. */
  write(place: number, levels: Float32Array, bent: Float32Array): void {
    this.extend(place);
    this.#put(place, levels, bent);
    this.end = Math.max(this.end, place + 1);
  }

  /** Whether something could be heard of what was played from `from` up to `to`. */
  audible(from: number): boolean {
    return this.#audibleTo >= from;
  }

  #put(place: number, levels: Float32Array | undefined, bent?: Float32Array): void {
    const [at, before] = [this.at(place), this.at(place - 1)];
    let audible = false;
    for (let band = 0; band < BANDS; band++) {
      const level = levels ? (levels[band] as number) : SILENT_DB;
      const overtones = bent ? (bent[band] as number) + BENT_DB : SILENT_DB;
      const heard = Math.max(level, overtones, (this.#heard[before + band] as number) - FALL_DB);
      this.#levels[at + band] = level;
      this.#heard[at + band] = heard;
      audible ||= heard > AUDIBLE_DB;
    }
    if (audible) this.#audibleTo = Math.max(this.#audibleTo, place);
  }
}
