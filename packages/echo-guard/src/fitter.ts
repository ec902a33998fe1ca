import type { PlayedTrack } from "./played-track.ts";
import { BANDS, SILENT_DB } from "./spectrum.ts";

/** Differences of level are counted in steps of 1 dB from here on. */
const LEAST_DB = -80;
const STEPS = 161;
/** What was played so faint explains nothing, dB of full scale. */
const FAINT_DB = SILENT_DB + 20;
/** What is by no more than so much below what is played just now is heard directly, not as reverberation. */
const DIRECT_DB = 3;
/** The coupling is where so many of the direct differences lie below: what somebody says adds to a level, and takes nothing away. */
const QUANTILE = 0.25;
/** An echo is above that by so much at most; what lies further above is somebody's, and counts up to a limit. */
const MARGIN_DB = 6;
const MOST_EXCESS_DB = 15;
/** So few direct differences say nothing of the coupling. */
const FEW = 10;

/** What the microphone heard of late: the levels of its hops, and those of them that are looked at, by their places. */
export interface Heard {
  readonly levels: Float32Array;
  /** A level below these is noise. */
  readonly audible: Float32Array;
  readonly places: Int32Array;
  /** Index of the first and the one behind the last of `places`, taken round and round. */
  readonly from: number;
  readonly to: number;
  /** Where in `levels` a place is. */
  at(place: number): number;
}

export interface Fit {
  readonly lag: number;
  /** By how much the levels exceed what an echo can be, in the mean of all, dB: below 1 for an echo, above 2 where somebody speaks. */
  readonly excessDb: number;
  /** Coupling, from what is played to what is heard, against that of each band: dB; undefined where too little of it is direct. */
  readonly gainDb: number | undefined;
  /** How many levels were compared. */
  readonly count: number;
}

/**
 * Compares what was heard with what was played at a lag. Were it the echo, each level would be that of what is played, or of its
 * reverberation, less the same coupling: so the differences lie close together, or below. Those of another voice lie anywhere.
 */
export class Fitter {
  readonly #all = new Uint16Array(STEPS);
  readonly #direct = new Uint16Array(STEPS);

  /** @param bounds between which the coupling lies, dB */
  compare(
    heard: Heard,
    played: PlayedTrack,
    lag: number,
    coupling: Float32Array,
    bounds: readonly [least: number, most: number],
  ): Fit {
    const [all, direct] = [this.#all.fill(0), this.#direct.fill(0)];
    const { levels, audible, places } = heard;
    const [reverberant, now] = [played.heard, played.levels];
    let [count, directs, unexplained] = [0, 0, 0];
    for (let i = heard.from; i < heard.to; i++) {
      const place = places[i % places.length] as number;
      const at = heard.at(place);
      const a = played.at(place - lag);
      // One hop less: an echo that lies between two hops is in both.
      const b = played.at(place - lag + 1);
      for (let band = 0; band < BANDS; band++) {
        const level = levels[at + band] as number;
        if (level < (audible[band] as number)) continue;
        count++;
        const most = Math.max(reverberant[a + band] as number, reverberant[b + band] as number);
        if (most < FAINT_DB) {
          unexplained++;
          continue;
        }
        const step = Math.max(0, Math.min(STEPS - 1, Math.round(level - most - (coupling[band] as number)) - LEAST_DB));
        all[step] = (all[step] as number) + 1;
        if (Math.max(now[a + band] as number, now[b + band] as number) <= most - DIRECT_DB) continue;
        direct[step] = (direct[step] as number) + 1;
        directs++;
      }
    }
    const found = quantile(direct, QUANTILE * directs) + LEAST_DB;
    const gain = Math.round(Math.max(bounds[0], Math.min(bounds[1], found))) - LEAST_DB;
    let excess = unexplained * MOST_EXCESS_DB;
    for (let step = gain + MARGIN_DB + 1; step < STEPS; step++)
      excess += (all[step] as number) * Math.min(MOST_EXCESS_DB, step - gain - MARGIN_DB);
    return {
      lag,
      excessDb: count > 0 ? excess / count : 0,
      gainDb: directs < FEW ? undefined : found,
      count,
    };
  }
}

/** The first step at which so many are counted. */
function quantile(steps: Uint16Array, share: number): number {
  let step = 0;
  for (let seen = steps[0] as number; step < STEPS - 1 && seen < share; ) seen += steps[++step] as number;
  return step;
}
