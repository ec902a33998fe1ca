export interface SpeechDetectorOptions {
  readonly sampleRate: number;
  /** Silence that ends speech, ms. */
  readonly silenceMs: number;
  readonly onStart: (atMs: number) => void;
  /** What was said, from its first loud sample on, with the silence after it. */
  readonly onEnd: (samples: Int16Array, atMs: number) => void;
}

/** As loud as this is speech. */
const LOUD = 500;
/** More than anybody says in one go, samples. */
const MAX_SAMPLES = 60 * 48_000;

/** Finds speech by its loudness in audio as it is appended: time is what was appended, nothing else. */
export class SpeechDetector {
  readonly #options: SpeechDetectorOptions;
  #said: number[] | undefined;
  #quiet = 0;
  #position = 0;

  constructor(options: SpeechDetectorOptions) {
    this.#options = options;
  }

  push(samples: Int16Array): void {
    const { sampleRate, silenceMs, onStart, onEnd } = this.#options;
    for (const sample of samples) {
      this.#position++;
      const loud = Math.abs(sample) >= LOUD;
      if (loud && !this.#said) {
        this.#said = [];
        onStart(this.#ms());
      }
      if (!this.#said) continue;
      this.#said.push(sample);
      this.#quiet = loud ? 0 : this.#quiet + 1;
      if ((this.#quiet / sampleRate) * 1000 < silenceMs && this.#said.length < MAX_SAMPLES) continue;
      const said = Int16Array.from(this.#said);
      this.reset();
      onEnd(said, this.#ms());
    }
  }

  reset(): void {
    this.#said = undefined;
    this.#quiet = 0;
  }

  #ms(): number {
    return Math.round((this.#position / this.#options.sampleRate) * 1000);
  }
}
