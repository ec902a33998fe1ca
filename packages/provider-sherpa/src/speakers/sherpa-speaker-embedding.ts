import {
  type AudioFormat,
  type AudioFrame,
  assertOptions,
  type Diarizer,
  optionsWithin,
  type Resolved,
  RoomKitError,
  type StageFactory,
} from "@roomkit/core";
import type { AudioJob } from "../native/engine.ts";
import { type EngineOptions, enginePool } from "../native/engine-pool.ts";
import { requireModels } from "../native/model-files.ts";
import { type EmbeddingPool, SpeakerDiarizer } from "./diarizer.ts";
import { voiceOf } from "./enroll.ts";
import { EnrolledVoices } from "./enrolled-voices.ts";

export interface SherpaSpeakerOptions extends EngineOptions {
  /** Path of a speaker embedding network: 3D-Speaker, WeSpeaker or NeMo, as sherpa-onnx converts them. */
  readonly model: string;
  /** Speech a voice is judged by, in ms, 500 to 10,000. Default 1,500. */
  readonly windowMs?: number | undefined;
  /** Likeness (cosine) from which on two stretches are of one speaker, 0 to 1; depends on the model. Default 0.5. */
  readonly threshold?: number | undefined;
  /** Likeness from which on a stretch is of a voice that is enrolled, 0 to 1. Default `threshold`. */
  readonly enrolledThreshold?: number | undefined;
  /** Voices that may be enrolled at once, 1 to 10,000. Default 100. */
  readonly maxEnrolled?: number | undefined;
  /** Speakers told apart at most, in one stream, besides those that are enrolled. Default 8. */
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
  /**
   * Makes a voice known to all streams of this stage, those that are open too: who has that voice is called `name` from now on. Learnt
   * from 16,000 Hz mono in which nobody else speaks, `windowMs` of speech to 60 s; or from what an earlier call gave. A name that is
   * known gets the new voice.
   *
   * @returns what the voice sounds like, to be kept: the same model takes it again, and no other does.
   * @throws RoomKitError `invalid_option` (a name of other than 1 to 64 characters, or like `speaker-1`), `invalid_audio`,
   *   `unsupported_format`, `too_many_voices`, `aborted`, `closed`, or what the engine fails with.
   */
  enroll(
    name: string,
    voice: AudioFrame | readonly AudioFrame[] | Float32Array,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Float32Array>;
  /** Forgets a voice, also one that is being learnt; whether there was one. Who has it is `speaker-1` or the like from now on. */
  remove(name: string): boolean;
  /** The names of the voices that are enrolled, in the order in which they were. */
  readonly enrolled: readonly string[];
  /** Releases the processes and forgets all voices; streams still open hear no more. */
  close(): Promise<void>;
}

const ranges = {
  windowMs: [500, 10_000],
  threshold: [0, 1],
  enrolledThreshold: [0, 1],
  maxEnrolled: [1, 10_000],
  maxSpeakers: [1, 100],
  minLevel: [0, 32_767],
  threads: [1, 64],
} as const;

/**
 * Tells speakers apart by their voices (`diarization` of a pipeline), computing in a process of its own. Tells of each stretch of speech
 * it has judged; a failure is thrown by the next `process`, five in a row by every one: a pipeline then takes it out.
 *
 * @throws RoomKitError `invalid_option`, `model_not_found`, `model_invalid`
 */
export function sherpaSpeakerEmbedding(options: SherpaSpeakerOptions): SherpaSpeakerFactory {
  assertOptions("sherpaSpeakerEmbedding", options, {
    required: ["model"],
    string: ["model"],
    number: [
      "windowMs",
      "threshold",
      "enrolledThreshold",
      "maxEnrolled",
      "maxSpeakers",
      "minLevel",
      "threads",
      "workers",
      "queueLimit",
      "jobTimeoutMs",
    ],
    object: ["clock"],
  });
  const { model } = options;
  // Before the model is looked for.
  const settings = settingsOf(options);
  requireModels({ model });
  const config = { model, numThreads: settings.threads, debug: 0, provider: "cpu" };
  return speakersOn(enginePool<AudioJob, Float32Array>({ kind: "embedding", config }, options), settings);
}

/** The options but for the engine's, with their defaults. */
export type SpeakerSettings = Resolved<Omit<SherpaSpeakerOptions, "model" | keyof EngineOptions>>;

/** @throws RoomKitError `invalid_option` for a value out of range. */
export function settingsOf(options: Omit<SherpaSpeakerOptions, "model">): SpeakerSettings {
  const { windowMs, threshold = 0.5, enrolledThreshold, maxEnrolled, maxSpeakers, minLevel, threads } = options;
  return optionsWithin(
    { windowMs, threshold, enrolledThreshold, maxEnrolled, maxSpeakers, minLevel, threads },
    {
      windowMs: 1_500,
      threshold,
      enrolledThreshold: threshold,
      maxEnrolled: 100,
      maxSpeakers: 8,
      minLevel: 300,
      threads: 1,
    },
    ranges,
  );
}

/** With an engine of one's own; for tests. */
export function speakersOn(pool: EmbeddingPool, settings: SpeakerSettings): SherpaSpeakerFactory {
  const enrolled = new EnrolledVoices(settings.maxEnrolled);
  /** Voices that are being learnt. */
  const underWay = new Set<{ readonly name: string; removed: boolean }>();
  let closed = false;
  return {
    name: "diarization-sherpa",
    sampleRate: 16_000,
    open({ sampleRate, channels }: AudioFormat) {
      if (sampleRate === 16_000 && channels === 1) return new SpeakerDiarizer(pool, settings, enrolled);
      throw new RoomKitError("unsupported_format", "voices are judged at 16,000 Hz mono", {
        details: { sampleRate, channels },
      });
    },
    async warmUp(signal) {
      const samples = new Float32Array(16_000 * 2).map((_, i) => Math.sin(i * 0.05) * 0.1);
      await pool.run({ samples }, signal ? { signal } : {});
    },
    async enroll(name, voice, { signal } = {}) {
      enrolled.assertName(name);
      enrolled.assertRoom(name);
      const learning = { name, removed: false };
      underWay.add(learning);
      try {
        const learnt = voice instanceof Float32Array ? voice : await voiceOf(voice, settings, pool, signal);
        if (closed) throw new RoomKitError("closed", "the stage is closed");
        if (learning.removed) throw new RoomKitError("aborted", "the voice was removed while it was learnt");
        return enrolled.set(name, learnt);
      } finally {
        underWay.delete(learning);
      }
    },
    remove(name) {
      const same = [...underWay].filter((learning) => learning.name === name);
      for (const learning of same) learning.removed = true;
      return enrolled.delete(name) || same.length > 0;
    },
    get enrolled() {
      return enrolled.names;
    },
    async close() {
      closed = true;
      enrolled.clear();
      await pool.close();
    },
  };
}
