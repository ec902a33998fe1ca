import { webrtcAec } from "@roomkit/aec-webrtc";
import { agc } from "@roomkit/agc";
import type { AudioPipeline, TurnDetector } from "@roomkit/core";
import { rnnoise } from "@roomkit/denoiser-rnnoise";
import { dtmf } from "@roomkit/dtmf";
import { echoGuard } from "@roomkit/echo-guard";
import { type AudioPipelineConfig, audioPipeline } from "@roomkit/pipeline";
import { wavRecorder } from "@roomkit/recorder-wav";
import { heuristicTurns } from "@roomkit/turn-heuristic";
import { smartTurns } from "@roomkit/turn-smart";
import { sileroVad } from "@roomkit/vad-silero";
import type { Env } from "./config.ts";
import { chooseProviders, describe, type Manners, type Providers } from "./providers.ts";
import type { Recordings } from "./recordings.ts";

/** What hears, thinks and speaks, shared by every call. */
export interface Speech extends Providers {
  /** The path of a caller's sound, in front of recogniser and model. */
  readonly pipeline: AudioPipeline;
  /** When callers have finished, and when they interrupt. */
  readonly manners: Manners;
  /** The same in front of speech to speech, which finds speech itself. */
  readonly realtimePipeline: AudioPipeline;
  /** What was chosen and why, by part. */
  readonly about: Readonly<Record<string, string>>;
  /** Loads the models, so that the first caller does not wait for them. */
  warmUp(): Promise<void>;
  /** Lets go of the models. */
  close(): Promise<void>;
}

/** Silence after which a pause is judged, ms: a detector says whether it ends the turn. */
const PAUSE_MS = 200;
/** How much speech interrupts, ms. What turns out to be none lets the assistant go on. */
const INTERRUPT_MS = 150;

export function speech(env: Env, voice: string, recordings: Recordings): Speech {
  const vad = sileroVad({ silenceThresholdMs: PAUSE_MS });
  const byWords = heuristicTurns();
  const model = env.ROOMKIT_TURN_MODEL;
  const byEar = model ? smartTurns({ model, otherwise: byWords }) : undefined;
  const turnDetector: TurnDetector = byEar ?? byWords;
  const manners: Manners = { turnDetector, interruption: { minSpeechMs: INTERRUPT_MS } };
  const providers = chooseProviders(env, voice, { ...manners, pipeline: audioPipeline({ vad }) });
  const { directory, name } = recordings;
  // What a caller may switch on in the page's settings. Their browser does the same already, and what it does is heard by nobody but us. The guard is
  // on: it takes nothing away where no echo comes back.
  const stages: AudioPipelineConfig = {
    dtmf: dtmf(),
    aec: webrtcAec(),
    echoGuard: echoGuard(),
    agc: agc(),
    denoiser: rnnoise({ strength: 0.5 }),
    startOff: ["aec", "agc", "denoiser"],
    recorder: wavRecorder({ storage: directory, name, requireConsent: true, maxDurationMs: 1_800_000 }),
  };
  const { stt, ai, tts } = providers;
  return {
    ...providers,
    pipeline: audioPipeline({ ...stages, vad }),
    // The rate of most models that hear and speak.
    realtimePipeline: audioPipeline({ ...stages, internalSampleRate: 24_000 }),
    manners,
    about: {
      ...describe(providers),
      "end of turns": byEar ? "by words and by ear (ROOMKIT_TURN_MODEL)" : "by words and melody",
    },
    async warmUp() {
      const warming = [stt.provider, tts.provider, ai.provider, vad].map((each) => each.warmUp?.());
      await Promise.all([...warming, byEar?.warmUp()]);
    },
    async close() {
      await turnDetector.close?.();
    },
  };
}
