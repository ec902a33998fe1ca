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
import { SpeechBand } from "./speech-band.ts";

/** Length of a judged stretch. */
const HOP_MS = 10;

/** A frame is no longer, as a rule. */
const FRAME_MS = 100;

/** Sound so far above the threshold is clear. */
const CLEAR_DB = 6;

/** Speech goes on until its level has fallen so far below the threshold. */
const RELEASE_DB = -4.4;

/** A sound no longer than this does not keep speech going: a key's click, of which another follows before the silence is over. */
const CLICK_MS = 30;

/**
 * A voice activity detector by loudness: sound above a threshold that follows the noise in the band of voices is speech. Needs no
 * model and next to no time, works at any rate and frame length, and takes any loud sound for speech that lasts and changes like it.
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
    lagMs: maxProofMs(resolved) + FRAME_MS,
    open: (format) => new EnergyVad(format, resolved),
  };
}

/** How long the proof may take: the beginning of a stream, which is judged again, and after it what weak sound needs, ms. */
function maxProofMs({ onsetMs, minSpeechMs }: Resolved<EnergyVadOptions>): number {
  return FIRST_LEVELS * HOP_MS + Math.max(onsetMs, minSpeechMs);
}

interface Hop {
  readonly timestamp: number;
  /** How far it is above what can be speech at all, dB. */
  readonly loudDb: number;
  /** Its level in the band of voices, dB. */
  readonly bandDb: number;
}

class EnergyVad implements Vad {
  readonly #options: Resolved<EnergyVadOptions>;
  readonly #framer: Framer;
  readonly #aboveNoiseDb: number;
  readonly #band: SpeechBand;
  readonly #floor: NoiseFloor;
  readonly #segmenter: SpeechSegmenter;
  /**
   * What came so far, at the beginning of a stream: a caller who speaks from the first sample is what the noise seems to be, until
   * the first fall shows that it is lower. Then all of this is judged again.
   */
  #first: Hop[] | undefined = [];
  #thresholdDb = Number.POSITIVE_INFINITY;
  /** What the segmenter is told of a stretch: one object for ever, as it keeps none. */
  readonly #told;
  /** Stretches in a row that are above the release. */
  #run = 0;
  #closed = false;
  probability = 0;

  constructor({ sampleRate, channels }: AudioFormat, options: Resolved<EnergyVadOptions>) {
    if (channels !== 1) throw new RoomKitError("unsupported_format", "the energy VAD hears mono only");
    const hop = Math.round((sampleRate * HOP_MS) / 1000);
    this.#options = options;
    this.#framer = new Framer(hop, sampleRate);
    this.#told = { timestamp: 0, durationMs: (hop / sampleRate) * 1000, evidence: 0, sustained: false };
    this.#aboveNoiseDb = 20 * Math.log10(options.noiseFactor);
    this.#band = new SpeechBand(sampleRate);
    this.#floor = new NoiseFloor(options.noiseWindowMs / HOP_MS);
    this.#segmenter = new SpeechSegmenter({ ...options, maxProofMs: maxProofMs(options) });
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
    this.#band.reset();
    this.#floor.reset();
    this.#run = 0;
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
    const { energyThreshold, adaptive } = this.#options;
    const loudDb = 20 * Math.log10(Math.max(1, rms(samples)) / energyThreshold);
    const bandDb = this.#band.levelDb(samples);
    this.#floor.push(bandDb);
    const before = this.#thresholdDb;
    this.#thresholdDb = adaptive ? this.#floor.db + this.#aboveNoiseDb : Number.NEGATIVE_INFINITY;
    const aboveDb = this.#above(loudDb, bandDb);
    this.probability = 1 / (1 + Math.exp(-aboveDb / 3));
    const first = this.#first;
    first?.push({ timestamp, loudDb, bandDb });
    if (first && this.#thresholdDb < before) {
      this.#segmenter.reset();
      this.#run = 0;
      for (const each of first) this.#weigh(each.timestamp, this.#above(each.loudDb, each.bandDb));
    } else {
      this.#weigh(timestamp, aboveDb);
    }
    if (first && first.length >= FIRST_LEVELS) this.#first = undefined;
  };

  /** How far a stretch is above all that it must be above, dB. */
  #above(loudDb: number, bandDb: number): number {
    return Math.min(loudDb, bandDb - this.#thresholdDb);
  }

  #weigh(timestamp: number, aboveDb: number): void {
    this.#run = aboveDb >= RELEASE_DB ? this.#run + 1 : 0;
    const told = this.#told;
    told.timestamp = timestamp;
    told.evidence = told.durationMs * this.#evidenceRate(aboveDb);
    told.sustained = this.#run > (this.#segmenter.speaking ? CLICK_MS / HOP_MS : 0);
    this.#segmenter.push(told);
    // What has been decided stands, also when the same look back finds its end.
    if (this.#segmenter.speaking) this.#first = undefined;
  }

  /** How much proof of speech a millisecond is whose level is `aboveDb` above the threshold. */
  #evidenceRate(aboveDb: number): number {
    const { onsetMs, minSpeechMs } = this.#options;
    const clear = 1 / onsetMs;
    const weak = 1 / minSpeechMs;
    if (aboveDb >= 0) return weak + (clear - weak) * Math.min(1, aboveDb / CLEAR_DB);
    // A syllable's fall takes little of its proof away, a pause between two clicks as much as one of them gave.
    return aboveDb >= RELEASE_DB ? -weak : -clear;
  }
}
