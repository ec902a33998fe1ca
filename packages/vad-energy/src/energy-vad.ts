import {
  type AudioFormat,
  type AudioFrame,
  assertOptions,
  Framer,
  type Resolved,
  RoomKitError,
  rms,
  SpeechSegmenter,
  type Vad,
  type VadEvent,
  type VadFactory,
} from "@roomkit/core";
import { FIRST_LEVELS, NoiseFloor } from "./noise-floor.ts";
import { type EnergyVadOptions, resolveOptions } from "./options.ts";

/** Length of a judged stretch. */
const HOP_MS = 10;

/** Sound so far above the threshold is clear. */
const CLEAR_DB = 6;

/** Speech goes on until its level has fallen so far below the threshold. */
const RELEASE_DB = -4.4;

/**
 * A voice activity detector by loudness: sound above a threshold that follows the noise is speech. Needs no model and next to
 * no time, works at any rate and frame length, and takes any loud sound for speech that lasts and changes like it.
 *
 * @throws RoomKitError `invalid_option` for an option out of range.
 */
export function energyVad(options: EnergyVadOptions = {}): VadFactory {
  assertOptions("energyVad", options, {
    number: [
      "energyThreshold",
      "silenceThresholdMs",
      "onsetMs",
      "minSpeechMs",
      "speechPadMs",
      "maxSpeechMs",
      "noiseFactor",
      "noiseWindowMs",
    ],
    boolean: ["adaptive"],
  });
  const resolved = resolveOptions(options);
  return {
    name: "vad-energy",
    speechPadMs: resolved.speechPadMs,
    open: (format) => new EnergyVad(format, resolved),
  };
}

interface Hop {
  readonly timestamp: number;
  readonly levelDb: number;
}

class EnergyVad implements Vad {
  readonly #options: Resolved<EnergyVadOptions>;
  readonly #framer: Framer;
  readonly #hopMs: number;
  readonly #floor: NoiseFloor;
  readonly #segmenter: SpeechSegmenter;
  /**
   * What came so far, at the beginning of a stream: a caller who speaks from the first sample is what the noise seems to be, until
   * the first fall shows that it is lower. Then all of this is judged again.
   */
  #first: Hop[] | undefined = [];
  #thresholdDb = Number.POSITIVE_INFINITY;
  #closed = false;
  probability = 0;

  constructor({ sampleRate, channels }: AudioFormat, options: Resolved<EnergyVadOptions>) {
    if (channels !== 1) throw new RoomKitError("unsupported_format", "the energy VAD hears mono only");
    const hop = Math.round((sampleRate * HOP_MS) / 1000);
    this.#options = options;
    this.#framer = new Framer(hop, sampleRate);
    this.#hopMs = (hop / sampleRate) * 1000;
    this.#floor = new NoiseFloor(options.noiseWindowMs / HOP_MS);
    this.#segmenter = new SpeechSegmenter(options);
  }

  get speechMs(): number {
    return this.#segmenter.speechMs;
  }

  process(frame: AudioFrame): VadEvent | undefined {
    if (this.#closed) return undefined;
    this.#framer.push(frame, this.#judge);
    return this.#segmenter.take();
  }

  reset(): void {
    this.#framer.reset();
    this.#floor.reset();
    this.#segmenter.reset();
    this.#first = [];
    this.#thresholdDb = Number.POSITIVE_INFINITY;
    this.probability = 0;
  }

  close(): void {
    this.reset();
    this.#closed = true;
  }

  readonly #judge = (samples: Int16Array, timestamp: number): void => {
    const { energyThreshold, noiseFactor, adaptive } = this.#options;
    const hop: Hop = { timestamp, levelDb: 20 * Math.log10(Math.max(1, rms(samples))) };
    this.#floor.push(hop.levelDb);
    const before = this.#thresholdDb;
    const least = 20 * Math.log10(energyThreshold);
    this.#thresholdDb = adaptive ? Math.max(least, this.#floor.db + 20 * Math.log10(noiseFactor)) : least;
    this.probability = 1 / (1 + Math.exp(-(hop.levelDb - this.#thresholdDb) / 3));
    const first = this.#first;
    first?.push(hop);
    if (first && this.#thresholdDb < before) {
      this.#segmenter.reset();
      for (const each of first) this.#weigh(each);
    } else {
      this.#weigh(hop);
    }
    if (first && first.length >= FIRST_LEVELS) this.#first = undefined;
  };

  #weigh({ timestamp, levelDb }: Hop): void {
    const aboveDb = levelDb - this.#thresholdDb;
    const durationMs = this.#hopMs;
    const evidence = durationMs * this.#evidenceRate(aboveDb);
    this.#segmenter.push({ timestamp, durationMs, evidence, sustained: aboveDb >= RELEASE_DB });
    // What has been decided stands, also when the same look back finds its end.
    if (this.#segmenter.speaking) this.#first = undefined;
  }

  /** How much proof of speech a millisecond is whose level is `aboveDb` above the threshold. */
  #evidenceRate(aboveDb: number): number {
    const { onsetMs, minSpeechMs } = this.#options;
    const [clear, weak] = [1 / onsetMs, 1 / minSpeechMs];
    if (aboveDb >= 0) return weak + (clear - weak) * Math.min(1, aboveDb / CLEAR_DB);
    // A syllable's fall takes little of its proof away, the pause between two clicks takes all of it.
    return aboveDb >= RELEASE_DB ? -weak : -clear / 2;
  }
}
