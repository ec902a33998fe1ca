import { type AudioFrame, Framer, type Resolved, SpeechSegmenter, type Vad, type VadEvent } from "@roomkit/core";
import { SAMPLE_RATE, VAD_WINDOW } from "../native/configs.ts";
import type { NativeVad } from "../native/sherpa.ts";
import type { SherpaVadOptions } from "./options.ts";

const WINDOW_MS = (VAD_WINDOW / SAMPLE_RATE) * 1000;

/** The native detector keeps the audio of speech until it ends; after so much of it, it has to forget, in windows. */
const MAX_KEPT = Math.floor(60_000 / WINDOW_MS);

/** One stream on a native detector of its own, which only says of each window whether it is speech. */
export class SherpaVadStream implements Vad {
  readonly #options: Resolved<SherpaVadOptions>;
  readonly #framer = new Framer(VAD_WINDOW, SAMPLE_RATE);
  readonly #segmenter: SpeechSegmenter;
  readonly #release: (native: NativeVad) => void;
  #native: NativeVad | undefined;
  /** Windows of speech in a row. */
  #kept = 0;
  /** The library tells no likelihood: 1 or 0. */
  probability = 0;

  /** @param release takes the detector back, reset */
  constructor(native: NativeVad, options: Resolved<SherpaVadOptions>, release: (native: NativeVad) => void) {
    this.#native = native;
    this.#options = options;
    this.#release = release;
    this.#segmenter = new SpeechSegmenter(options);
  }

  get speechMs(): number {
    return this.#segmenter.speechMs;
  }

  process(frame: AudioFrame): VadEvent | undefined {
    if (!this.#native) return undefined;
    this.#framer.push(frame, this.#judge);
    return this.#segmenter.take();
  }

  reset(): void {
    this.#native?.reset();
    this.#kept = 0;
    this.#framer.reset();
    this.#segmenter.reset();
    this.probability = 0;
  }

  close(): void {
    const native = this.#native;
    if (!native) return;
    this.reset();
    this.#native = undefined;
    this.#release(native);
  }

  readonly #judge = (window: Int16Array, timestamp: number): void => {
    const native = this.#native;
    if (!native) return;
    const samples = new Float32Array(window.length);
    for (let i = 0; i < window.length; i++) samples[i] = (window[i] as number) / 32_768;
    native.acceptWaveform(samples);
    const speech = native.isDetected();
    // Whole segments of audio, which it would keep for us.
    while (!native.isEmpty()) native.pop();
    this.#kept = speech ? this.#kept + 1 : 0;
    if (this.#kept >= MAX_KEPT) {
      native.reset();
      this.#kept = 0;
    }
    // The library is sure of speech with the second window of it, and says nothing of the first.
    const windows = speech && this.probability === 0 ? 2 : 1;
    this.probability = speech ? 1 : 0;
    const share = (windows * WINDOW_MS) / this.#options.minSpeechMs;
    this.#segmenter.push({
      timestamp,
      durationMs: WINDOW_MS,
      evidence: speech ? share : -share,
      sustained: speech,
    });
  };
}
