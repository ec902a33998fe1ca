import {
  AbortScope,
  abortedError,
  assertOptions,
  optionsWithin,
  RoomKitError,
  type TtsOptions,
  type TtsProvider,
} from "@roomkit/core";
import type { SpeechJob, SpeechResult } from "../native/engine.ts";
import { type EngineOptions, enginePool } from "../native/engine-pool.ts";
import { checkVoiceModel, type VoiceModel, voiceConfig } from "./models.ts";
import { speech } from "./speech.ts";

export interface SherpaTtsOptions extends EngineOptions {
  readonly model: VoiceModel;
  /** What the model speaks at, in Hz: 22,050 for most of Piper's, 24,000 for Kokoro. A call with another fails. */
  readonly sampleRate: number;
  /** The model's speakers by name, as numbers from 0. Default: one, `0`. */
  readonly voices?: Readonly<Record<string, number>> | undefined;
  /** The voice where a call names none. Default: the first of `voices`. */
  readonly voice?: string | undefined;
  /** Pace where a call names none, 0.5 to 2. Default 1. */
  readonly speed?: number | undefined;
  /** Threads of one synthesis. Default 1. */
  readonly threads?: number | undefined;
}

/**
 * Text to speech with a model of one's own, run by sherpa-onnx in processes of their own. A piece of text is synthesized whole; the next
 * one while it is spoken.
 *
 * A call throws RoomKitError `unknown_voice`, `invalid_option`, `unsupported_format` (the model has another rate),
 * `missing_dependency`, `model_invalid`, `busy`, `timeout`, `worker_crashed` (these three retryable), `aborted` or `closed`.
 *
 * @throws RoomKitError `invalid_option`, `unknown_voice`, `model_not_found`, `model_invalid`
 */
export function sherpaTts(options: SherpaTtsOptions): TtsProvider {
  assertOptions("sherpaTts", options, {
    required: ["model", "sampleRate"],
    string: ["voice"],
    number: ["sampleRate", "speed", "threads", "workers", "queueLimit", "jobTimeoutMs"],
    object: ["model", "voices", "clock"],
  });
  const { model, voices = { "0": 0 }, threads, speed, sampleRate } = options;
  const numbers = optionsWithin({ threads, speed, sampleRate }, { threads: 1, speed: 1, sampleRate: 0 }, ranges);
  const settingsOf = (call: Pick<TtsOptions, "voice" | "speed">): Omit<SpeechJob, "text"> => {
    const voice = call.voice ?? options.voice ?? Object.keys(voices)[0] ?? "";
    const speaker = Object.hasOwn(voices, voice) ? voices[voice] : undefined;
    if (speaker === undefined || !Number.isInteger(speaker) || speaker < 0) {
      throw new RoomKitError("unknown_voice", `sherpa has no voice ${voice}`, { details: { voice } });
    }
    const given: { readonly speed?: number | undefined } = { speed: call.speed };
    return { speaker, ...optionsWithin<{ speed: number }>(given, { speed: numbers.speed }, { speed: ranges.speed }) };
  };
  const standard = settingsOf({});
  checkVoiceModel(model);
  const data = { kind: "tts", config: voiceConfig(model, numbers.threads) } as const;
  const pool = enginePool<SpeechJob, SpeechResult>(data, options);
  const closing = new AbortScope();
  return {
    name: "sherpa",
    capabilities: { streamingInput: true, wordTimings: false, sampleRate, voices: Object.keys(voices) },
    async *synthesize(text, call) {
      const settings = settingsOf(call);
      const scope = closing.child(call.signal);
      try {
        if (scope.aborted) throw abortedError(scope.signal);
        yield* speech(text, { pool, settings, sampleRate, scope });
      } finally {
        scope.release();
      }
    },
    overloaded: () => pool.overloaded,
    async warmUp(signal) {
      await pool.run({ text: "Hello.", ...standard }, signal ? { signal } : {});
    },
    async close() {
      closing.abort(new RoomKitError("closed", "the voice was closed"));
      await pool.close();
    },
  };
}

const ranges = {
  threads: [1, 64],
  speed: [0.5, 2],
  sampleRate: [8_000, 48_000],
} as const;
