import type { NativeResult, Sherpa } from "./sherpa.ts";

const WORDS = ["", "one", "two", "three"];

/** What a stream of the fake holds. */
interface Heard {
  samples: number[];
  acceptWaveform(wave: { readonly samples: Float32Array }): void;
  inputFinished(): void;
}

/** A library without models: samples are words, 0 a pause; a voice is the mean of its samples. */
export class FakeSherpa {
  /** Pieces of speech made so far. */
  chunks = 0;
  onChunk: () => void = () => {};

  readonly library: Sherpa;

  constructor() {
    const stream = (): Heard => ({
      samples: [],
      acceptWaveform({ samples }) {
        this.samples.push(...samples);
      },
      inputFinished() {},
    });
    const heard = (given: object): Heard => given as Heard;
    const result = ({ samples }: Heard): NativeResult => ({
      text: ` ${samples
        .map((code) => WORDS[code] ?? "")
        .filter((word) => word !== "")
        .join(" ")} `,
      lang: "<|en|>",
    });
    const made = (): void => {
      this.chunks++;
      this.onChunk();
    };
    this.library = {
      Vad: class {
        acceptWaveform(): void {}
        isDetected(): boolean {
          return false;
        }
        isEmpty(): boolean {
          return true;
        }
        pop(): void {}
        reset(): void {}
      },
      OfflineRecognizer: class {
        createStream = stream;
        async decodeAsync(given: object): Promise<NativeResult> {
          return result(heard(given));
        }
      },
      OnlineRecognizer: class {
        createStream = stream;
        isReady(): boolean {
          return false;
        }
        decode(): void {}
        isEndpoint(given: object): boolean {
          return heard(given).samples.at(-1) === 0;
        }
        reset(given: object): void {
          heard(given).samples = [];
        }
        getResult(given: object): NativeResult {
          return result(heard(given));
        }
      },
      OfflineTts: class {
        readonly numSpeakers = 2;
        readonly sampleRate = 22_050;
        async generateAsync({
          text,
          onProgress,
        }: {
          readonly text: string;
          readonly onProgress: (made: { readonly samples: Float32Array }) => number;
        }): Promise<{ samples: Float32Array; sampleRate: number }> {
          for (const _ of text) {
            made();
            if (onProgress({ samples: new Float32Array(441) }) === 0) break;
          }
          return { samples: new Float32Array(441 * text.length).fill(0.5), sampleRate: this.sampleRate };
        }
      },
      SpeakerEmbeddingExtractor: class {
        readonly dim = 2;
        createStream = stream;
        isReady(given: object): boolean {
          return heard(given).samples.length > 100;
        }
        compute(given: object): Float32Array {
          const { samples } = heard(given);
          return Float32Array.of(samples.reduce((sum, value) => sum + value, 0) / samples.length, 1);
        }
      },
    };
  }
}
