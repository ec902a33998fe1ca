import { createRequire } from "node:module";
import { join } from "node:path";
import { RoomKitError } from "@roomkit/core";

/** The part of sherpa-onnx-node used here; the package brings no types of its own that a compiler could find. */
export interface Sherpa {
  readonly Vad: new (config: object, bufferSeconds: number) => NativeVad;
  readonly OfflineRecognizer: new (config: object) => NativeOfflineRecognizer;
  readonly OnlineRecognizer: new (config: object) => NativeOnlineRecognizer;
  readonly OfflineTts: new (config: object) => NativeTts;
  readonly SpeakerEmbeddingExtractor: new (config: object) => NativeEmbeddingExtractor;
}

export interface NativeVad {
  acceptWaveform(samples: Float32Array): void;
  isDetected(): boolean;
  isEmpty(): boolean;
  pop(): void;
  reset(): void;
}

interface NativeStream {
  acceptWaveform(wave: { readonly samples: Float32Array; readonly sampleRate: number }): void;
}

export interface NativeOnlineStream extends NativeStream {
  inputFinished(): void;
}

export interface NativeResult {
  readonly text: string;
  readonly tokens?: readonly string[] | undefined;
  /** When each token begins, s. */
  readonly timestamps?: readonly number[] | undefined;
  readonly lang?: string | undefined;
}

interface NativeOfflineRecognizer {
  createStream(): NativeStream;
  decodeAsync(stream: NativeStream): Promise<NativeResult>;
}

interface NativeOnlineRecognizer {
  createStream(): NativeOnlineStream;
  isReady(stream: NativeOnlineStream): boolean;
  decode(stream: NativeOnlineStream): void;
  isEndpoint(stream: NativeOnlineStream): boolean;
  reset(stream: NativeOnlineStream): void;
  getResult(stream: NativeOnlineStream): NativeResult;
}

interface NativeTts {
  readonly numSpeakers: number;
  readonly sampleRate: number;
  generateAsync(request: {
    readonly text: string;
    readonly sid: number;
    readonly speed: number;
    readonly enableExternalBuffer: boolean;
    /** Audio as it is made; 0 ends the synthesis. */
    readonly onProgress: (made: { readonly samples: Float32Array }) => number;
  }): Promise<{ readonly samples: Float32Array; readonly sampleRate: number }>;
}

interface NativeEmbeddingExtractor {
  readonly dim: number;
  createStream(): NativeOnlineStream;
  isReady(stream: NativeOnlineStream): boolean;
  compute(stream: NativeOnlineStream, enableExternalBuffer: boolean): Float32Array;
}

/**
 * Loads the native library: late, so that importing this package does not, and synchronously, since a pipeline opens its stages so.
 *
 * @throws RoomKitError `missing_dependency` when it is not installed, or not for this platform.
 */
export function loadSherpa(load?: (name: string) => unknown): Sherpa {
  try {
    // A CommonJS bundle does not know where it is; what it was put together for then has the library.
    const from = import.meta.url ?? join(process.cwd(), "package.json");
    return (load ?? createRequire(from))("sherpa-onnx-node") as Sherpa;
  } catch (cause) {
    throw new RoomKitError("missing_dependency", "install the library beside this package: sherpa-onnx-node@1.13", {
      cause,
    });
  }
}
