import {
  type AudioFormat,
  assertOptions,
  type Diarizer,
  optionsWithin,
  RoomKitError,
  type StageFactory,
} from "@roomkit/core";
import type { AudioJob } from "../native/engine.ts";
import { type EngineOptions, enginePool } from "../native/engine-pool.ts";
import { requireModels } from "../native/model-files.ts";
import { SpeakerDiarizer } from "./diarizer.ts";

export interface SherpaSpeakerOptions extends EngineOptions {
  /** Path of a speaker embedding network: 3D-Speaker, WeSpeaker or NeMo, as sherpa-onnx converts them. */
  readonly model: string;
  /** Speech a voice is judged by, in ms, 500 to 10,000. Default 1,500. */
  readonly windowMs?: number | undefined;
  /** Likeness (cosine) from which on two stretches are of one speaker, 0 to 1; depends on the model. Default 0.5. */
  readonly threshold?: number | undefined;
  /** Speakers told apart at most, in one stream. Default 8. */
  readonly maxSpeakers?: number | undefined;
  /** RMS of 16-bit samples below which audio is no speech. Default 300. */
  readonly minLevel?: number | undefined;
  /** Threads of one computation. Default 1. */
  readonly threads?: number | undefined;
}

export interface SherpaSpeakerFactory extends StageFactory<Diarizer> {
  readonly sampleRate: 16_000;
  /** Loads the model ahead of the first call. @throws RoomKitError `missing_dependency`, `worker_crashed`. */
  warmUp(signal?: AbortSignal): Promise<void>;
  /** Releases the processes; streams still open hear no more. */
  close(): Promise<void>;
}

const ranges = {
  windowMs: [500, 10_000],
  threshold: [0, 1],
  maxSpeakers: [1, 100],
  minLevel: [0, 32_767],
  threads: [1, 64],
} as const;

/**
 * Tells speakers apart by their voices (`diarization` of a pipeline), computing in a process of its own. An event comes when the
 * speaker changes, and begins with the stretch that was judged. The first failure is thrown by `process`.
 *
 * @throws RoomKitError `invalid_option`, `model_not_found`, `model_invalid`
 */
export function sherpaSpeakerEmbedding(options: SherpaSpeakerOptions): SherpaSpeakerFactory {
  assertOptions("sherpaSpeakerEmbedding", options, {
    required: ["model"],
    string: ["model"],
    number: ["windowMs", "threshold", "maxSpeakers", "minLevel", "threads", "workers", "queueLimit", "jobTimeoutMs"],
    object: ["clock"],
  });
  const { model, windowMs, threshold, maxSpeakers, minLevel, threads } = options;
  const settings = optionsWithin(
    { windowMs, threshold, maxSpeakers, minLevel, threads },
    { windowMs: 1_500, threshold: 0.5, maxSpeakers: 8, minLevel: 300, threads: 1 },
    ranges,
  );
  requireModels({ model });
  const config = { model, numThreads: settings.threads, debug: 0, provider: "cpu" };
  const pool = enginePool<AudioJob, Float32Array>({ kind: "embedding", config }, options);
  return {
    name: "diarization-sherpa",
    sampleRate: 16_000,
    open({ sampleRate, channels }: AudioFormat) {
      if (sampleRate === 16_000 && channels === 1) return new SpeakerDiarizer(pool, settings);
      throw new RoomKitError("unsupported_format", "voices are judged at 16,000 Hz mono", {
        details: { sampleRate, channels },
      });
    },
    async warmUp(signal) {
      const samples = new Float32Array(16_000 * 2).map((_, i) => Math.sin(i * 0.05) * 0.1);
      await pool.run({ samples }, signal ? { signal } : {});
    },
    close: () => pool.close(),
  };
}
