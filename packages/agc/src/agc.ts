import {
  type AudioFormat,
  type AudioFrame,
  type FrameStage,
  type Resolved,
  RoomKitError,
  type StageFactory,
} from "@roomkit/core";
import { type AgcOptions, resolveOptions } from "./options.ts";
import { HOP_MS, SpeechLevel } from "./speech-level.ts";

/** So close to the target nothing is changed, dB. */
const CLOSE_DB = 0.5;
/** The limiter lets go of a peak within about this time. */
const RELEASE_MS = 80;
/** From here on it has let go. */
const RELEASED = 0.999;

/**
 * Brings speech to one level, by gain that changes slowly while somebody speaks and not at all otherwise, and keeps every sample below a
 * ceiling. Adds no delay: what comes out of `process` is as long as what went in, and as old.
 *
 * @throws RoomKitError `invalid_option` for an option out of range.
 */
export function agc(options: AgcOptions = {}): StageFactory<FrameStage> {
  const resolved = resolveOptions(options);
  return { name: "agc", open: (format) => new Agc(format, resolved) };
}

class Agc implements FrameStage {
  readonly #options: Resolved<AgcOptions>;
  readonly #format: AudioFormat;
  readonly #hop: number;
  readonly #level: SpeechLevel;
  readonly #ceiling: number;
  readonly #release: number;
  #gainDb = 0;
  /** As a factor, now and after the hop that is being filled: it goes there sample by sample. */
  #gain = 1;
  #nextGain = 1;
  #step = 0;
  /** What the limiter leaves of the signal. */
  #limit = 1;
  /** Of the hop that is being filled. */
  #energy = 0;
  #filled = 0;
  #closed = false;

  constructor(format: AudioFormat, options: Resolved<AgcOptions>) {
    const { sampleRate, channels } = format;
    if (channels !== 1) throw new RoomKitError("unsupported_format", "gain is controlled in mono only");
    this.#options = options;
    this.#format = { sampleRate, channels };
    this.#hop = Math.round((sampleRate * HOP_MS) / 1000);
    this.#level = new SpeechLevel(options.gateDb);
    this.#ceiling = Math.min(32_767, Math.floor(32_768 * 10 ** (options.ceilingDb / 20)));
    this.#release = 1 - Math.exp(-1000 / (RELEASE_MS * sampleRate));
  }

  process(frame: AudioFrame): AudioFrame {
    const { samples, sampleRate, channels } = frame;
    if (sampleRate !== this.#format.sampleRate || channels !== 1)
      throw new RoomKitError("unsupported_format", `expected mono at ${this.#format.sampleRate} Hz`);
    if (this.#closed) return frame;
    const out = new Int16Array(samples.length);
    for (let at = 0; at < samples.length; ) {
      const end = Math.min(samples.length, at + this.#hop - this.#filled);
      this.#amplify(samples, out, at, end);
      this.#filled += end - at;
      at = end;
      if (this.#filled === this.#hop) this.#judge();
    }
    return { ...frame, samples: out };
  }

  reset(): void {
    this.#level.reset();
    this.#gainDb = 0;
    [this.#gain, this.#nextGain, this.#step, this.#limit, this.#energy, this.#filled] = [1, 1, 0, 1, 0, 0];
  }

  close(): void {
    this.#closed = true;
  }

  /** Samples within one hop. */
  #amplify(samples: Int16Array, out: Int16Array, from: number, to: number): void {
    const ceiling = this.#ceiling;
    const release = this.#release;
    const step = this.#step;
    let gain = this.#gain;
    let limit = this.#limit;
    let energy = this.#energy;
    for (let i = from; i < to; i++) {
      const x = samples[i] as number;
      energy += x * x;
      gain += step;
      let y = x * gain;
      const most = Math.abs(y);
      if (most * limit > ceiling) limit = ceiling / most;
      if (limit < 1) {
        y *= limit;
        limit = limit > RELEASED ? 1 : limit + (1 - limit) * release;
      }
      // The array cuts off what is behind the point.
      out[i] = y < 0 ? y - 0.5 : y + 0.5;
    }
    this.#gain = gain;
    this.#limit = limit;
    this.#energy = energy;
  }

  /** A hop is full: where the gain goes within the next. */
  #judge(): void {
    const { targetDb, maxGainDb, maxCutDb, upDbPerS, downDbPerS } = this.#options;
    const level = this.#level.push(this.#energy / this.#hop);
    this.#gain = this.#nextGain;
    this.#step = 0;
    this.#energy = 0;
    this.#filled = 0;
    if (level === undefined) return;
    const wanted = Math.max(-maxCutDb, Math.min(maxGainDb, targetDb - level));
    const away = wanted - this.#gainDb;
    if (Math.abs(away) <= CLOSE_DB) return;
    const [down, up] = [(-downDbPerS * HOP_MS) / 1000, (upDbPerS * HOP_MS) / 1000];
    this.#gainDb += Math.max(down, Math.min(up, away));
    this.#nextGain = 10 ** (this.#gainDb / 20);
    this.#step = (this.#nextGain - this.#gain) / this.#hop;
  }
}
