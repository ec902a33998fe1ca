import {
  type AudioFormat,
  type AudioFrame,
  Framer,
  RoomKitError,
  rms,
  SpeechSegmenter,
  type Vad,
  type VadEvent,
  type VadFactory,
} from "@roomkit/core";
import { NoiseFloor } from "./noise-floor.ts";
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
  const resolved = resolveOptions(options);
  return {
    name: "vad-energy",
    speechPadMs: resolved.speechPadMs,
    open: (format) => new EnergyVad(format, resolved),
  };
}

class EnergyVad implements Vad {
  readonly #options: Required<EnergyVadOptions>;
  readonly #framer: Framer;
  readonly #hopMs: number;
  readonly #floor: NoiseFloor;
  readonly #segmenter: SpeechSegmenter;
  #closed = false;
  probability = 0;

  constructor({ sampleRate, channels }: AudioFormat, options: Required<EnergyVadOptions>) {
    if (channels !== 1) throw new RoomKitError("unsupported_format", "the energy VAD hears mono only");
    const hop = Math.round((sampleRate * HOP_MS) / 1000);
    this.#options = options;
    this.#framer = new Framer(hop, sampleRate);
    this.#hopMs = (hop / sampleRate) * 1000;
    this.#floor = new NoiseFloor(options.noiseWindowMs / HOP_MS);
    this.#segmenter = new SpeechSegmenter(options);
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
    this.probability = 0;
  }

  close(): void {
    this.reset();
    this.#closed = true;
  }

  readonly #judge = (hop: Int16Array, timestamp: number): void => {
    const { energyThreshold, noiseFactor, adaptive } = this.#options;
    const levelDb = 20 * Math.log10(Math.max(1, rms(hop)));
    this.#floor.push(levelDb);
    const threshold = adaptive ? Math.max(energyThreshold, 10 ** (this.#floor.db / 20) * noiseFactor) : energyThreshold;

    const aboveDb = levelDb - 20 * Math.log10(threshold);
    const durationMs = this.#hopMs;
    const evidence = durationMs * this.#evidenceRate(aboveDb);
    this.probability = 1 / (1 + Math.exp(-aboveDb / 3));
    this.#segmenter.push({ timestamp, durationMs, evidence, sustained: aboveDb >= RELEASE_DB });
  };

  /** How much proof of speech a millisecond is whose level is `aboveDb` above the threshold. */
  #evidenceRate(aboveDb: number): number {
    const { onsetMs, minSpeechMs } = this.#options;
    const [clear, weak] = [1 / onsetMs, 1 / minSpeechMs];
    if (aboveDb >= 0) return weak + (clear - weak) * Math.min(1, aboveDb / CLEAR_DB);
    // A syllable's fall takes little of its proof away, the pause between two clicks takes all of it.
    return aboveDb >= RELEASE_DB ? -weak : -clear / 2;
  }
}
