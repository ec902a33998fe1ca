import {
  type AudioFormat,
  type AudioFrame,
  Framer,
  type Resolved,
  RoomKitError,
  SpeechSegmenter,
  type Vad,
  type VadEvent,
} from "@roomkit/core";
import { CONTEXT, type Engine, STATE, WINDOW } from "./engine.ts";
import type { SileroVadOptions } from "./options.ts";

export const SAMPLE_RATE = 16_000;
/** A second. */
const SETTLED_WINDOWS = 32;
const WINDOW_MS = (WINDOW / SAMPLE_RATE) * 1000;

/** A window that waits to be judged. */
interface Waiting {
  readonly input: Float32Array;
  readonly timestamp: number;
}

/**
 * One stream through the shared model. `process` only hands windows over and gives what has been decided since; the model
 * computes between frames, so a decision comes with the next frame. The first failure to compute is thrown from `process`; a
 * window that cannot be judged counts as silence.
 */
export class SileroVad implements Vad {
  readonly #options: Resolved<SileroVadOptions>;
  readonly #engine: () => Promise<Engine>;
  readonly #framer = new Framer(WINDOW, SAMPLE_RATE);
  readonly #segmenter: SpeechSegmenter;
  readonly #context = new Float32Array(CONTEXT);
  readonly #waiting: Waiting[] = [];
  #state: Float32Array = new Float32Array(STATE);
  /** What is being judged belongs to the stream as long as this has not changed. */
  #generation = 0;
  #work: Promise<void> | undefined;
  #error: RoomKitError | undefined;
  #failed = false;
  #unusable = false;
  #closed = false;
  #dropped = 0;
  /** Windows of nothing but zeros in a row. */
  #zeros = 0;
  probability = 0;

  /** @throws RoomKitError `unsupported_format` for anything but mono at 16,000 Hz. */
  constructor(format: AudioFormat, options: Resolved<SileroVadOptions>, engine: () => Promise<Engine>) {
    if (format.sampleRate !== SAMPLE_RATE || format.channels !== 1) {
      throw new RoomKitError("unsupported_format", "Silero VAD hears mono at 16,000 Hz only", {
        details: { ...format },
      });
    }
    this.#options = options;
    this.#engine = engine;
    this.#segmenter = new SpeechSegmenter(options);
  }

  /** Windows of 32 ms that were dropped unjudged because too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  get speechMs(): number {
    return this.#segmenter.speechMs;
  }

  process(frame: AudioFrame): VadEvent | undefined {
    if (this.#closed) return undefined;
    this.#framer.push(frame, this.#enqueue);
    const error = this.#error;
    this.#error = undefined;
    if (error) throw error;
    return this.#segmenter.take();
  }

  /** Resolves when everything handed over has been judged; never rejects. */
  async idle(): Promise<void> {
    await this.#work;
  }

  reset(): void {
    this.#generation++;
    this.#waiting.length = 0;
    this.#state = new Float32Array(STATE);
    this.#context.fill(0);
    this.#framer.reset();
    this.#segmenter.reset();
    this.#zeros = 0;
    this.#error = undefined;
    this.probability = 0;
  }

  close(): void {
    this.reset();
    this.#closed = true;
  }

  readonly #enqueue = (window: Int16Array, timestamp: number): void => {
    if (this.#unusable) return;
    const input = new Float32Array(CONTEXT + WINDOW);
    input.set(this.#context);
    for (let i = 0; i < WINDOW; i++) input[CONTEXT + i] = (window[i] as number) / 32_768;
    this.#context.set(input.subarray(WINDOW));
    this.#waiting.push({ input, timestamp });
    if (this.#waiting.length * WINDOW_MS > this.#options.maxBacklogMs) {
      this.#waiting.shift();
      this.#dropped++;
    }
    this.#work ??= this.#judgeAll().finally(() => {
      this.#work = undefined;
    });
  };

  async #judgeAll(): Promise<void> {
    let engine: Engine;
    try {
      engine = await this.#engine();
    } catch (error) {
      // Without a model there is nothing to wait for; the next stream tries to load it again.
      this.#unusable = true;
      this.#waiting.length = 0;
      this.#fail(RoomKitError.from(error, "model_load_failed"));
      return;
    }
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await this.#judge(engine, next);
  }

  #judge(engine: Engine, { input, timestamp }: Waiting): Promise<void> {
    const generation = this.#generation;
    // Where a client sends nothing there are zeros. Of a second of them the model makes what it makes of the next one.
    this.#zeros = input.every((sample) => sample === 0) ? this.#zeros + 1 : 0;
    if (this.#zeros > SETTLED_WINDOWS) {
      this.#heard(timestamp, 0, this.#state);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      engine.submit({
        input,
        state: this.#state,
        done: (probability, state) => {
          if (generation === this.#generation) this.#heard(timestamp, probability, state);
          resolve();
        },
        failed: (error) => {
          if (generation === this.#generation) {
            this.#fail(error);
            this.#heard(timestamp, 0, new Float32Array(STATE));
          }
          resolve();
        },
      });
    });
  }

  #heard(timestamp: number, probability: number, state: Float32Array): void {
    const { threshold, releaseThreshold, minSpeechMs } = this.#options;
    this.#state = state;
    this.probability = probability;
    const share = WINDOW_MS / minSpeechMs;
    this.#segmenter.push({
      timestamp,
      durationMs: WINDOW_MS,
      evidence: probability >= threshold ? share : -share,
      sustained: probability >= releaseThreshold,
    });
  }

  #fail(error: RoomKitError): void {
    if (this.#failed || this.#closed) return;
    this.#failed = true;
    this.#error = error;
  }
}
