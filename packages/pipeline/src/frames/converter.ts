import { type AudioFormat, type AudioFrame, joinSamples, samplesMaker } from "@roomkit/core";
import { PolyphaseResampler, type Resampler } from "../resample/resampler.ts";
import { downmixed, upmixed } from "./samples.ts";

/** A frame whose timestamp is this much later than the end of the one before it follows a gap; less is jitter. */
const GAP_MS = 60;

/**
 * Brings one stream of frames to one format, by way of mono. What comes in may be of any format, and may change it. The
 * timestamps that come out are counted in samples from the first frame on, so they neither drift nor jitter; only a gap moves
 * them on, and nothing moves them back.
 */
export class FormatConverter {
  readonly target: AudioFormat;
  readonly #make = samplesMaker();
  #resampler: Resampler;
  /** Where the samples counted below begin, ms; undefined before the first frame. */
  #inBegin: number | undefined;
  #outBegin = 0;
  /** Samples per channel since then. */
  #inCount = 0;
  #outCount = 0;

  /**
   * @param sourceRate the rate expected of the first frame.
   * @throws RoomKitError `unsupported_format` when there is no way from it to the target.
   */
  constructor(sourceRate: number, target: AudioFormat) {
    this.target = target;
    this.#resampler = new PolyphaseResampler(sourceRate, target.sampleRate, this.#make);
  }

  /**
   * The frame in the target format, without the newest 2 to 4 ms that a change of rate holds back; possibly empty.
   *
   * @throws RoomKitError `unsupported_format` when there is no way from the frame's rate.
   */
  convert(frame: AudioFrame): AudioFrame {
    const held = frame.sampleRate === this.#resampler.fromRate ? undefined : this.#turnTo(frame.sampleRate);
    if (frame.samples.length > 0) this.#follow(frame.timestamp);
    const mono = frame.channels === 2 ? downmixed(frame.samples) : frame.samples;
    this.#inCount += mono.length;
    const samples = this.#resampler.process(mono);
    return this.#give(held ? joinSamples([held, samples]) : samples);
  }

  /** How far the stream has come, what is held back included: the time of what continues it, ms; undefined before the first frame. */
  get reached(): number | undefined {
    return this.#inBegin === undefined ? undefined : this.#inBegin + (this.#inCount / this.#resampler.fromRate) * 1000;
  }

  /** Whether a frame continues the stream to the sample, or is the first of it. */
  continues(frame: AudioFrame): boolean {
    const { reached } = this;
    return reached === undefined || Math.abs(frame.timestamp - reached) * frame.sampleRate < 1000;
  }

  /** What is held back; the stream then begins anew. */
  flush(): AudioFrame {
    const frame = this.#give(this.#resampler.flush());
    this.#inBegin = undefined;
    return frame;
  }

  /** Drops what is held back and begins anew. */
  reset(): void {
    this.#resampler.reset();
    this.#inBegin = undefined;
  }

  /** The source goes on at another rate. */
  #turnTo(sampleRate: number): Int16Array {
    const next = new PolyphaseResampler(sampleRate, this.target.sampleRate, this.#make);
    const held = this.#resampler.flush();
    if (this.#inBegin !== undefined) this.#inBegin += (this.#inCount / this.#resampler.fromRate) * 1000;
    this.#inCount = 0;
    this.#resampler = next;
    return held;
  }

  #follow(timestamp: number): void {
    if (this.#inBegin === undefined) {
      this.#inBegin = timestamp;
      this.#outBegin = timestamp;
      this.#inCount = 0;
      this.#outCount = 0;
      return;
    }
    const missing = timestamp - this.#inBegin - (this.#inCount / this.#resampler.fromRate) * 1000;
    if (missing <= GAP_MS) return;
    this.#inBegin += missing;
    this.#outBegin += missing;
  }

  #give(mono: Int16Array): AudioFrame {
    const { sampleRate, channels } = this.target;
    const timestamp = this.#outBegin + (this.#outCount / sampleRate) * 1000;
    this.#outCount += mono.length;
    return { samples: channels === 2 ? upmixed(mono) : mono, sampleRate, channels, timestamp };
  }
}
