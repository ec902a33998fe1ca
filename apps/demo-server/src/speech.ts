import { webrtcAec } from "@roomkit/aec-webrtc";
import { agc } from "@roomkit/agc";
import type { AudioPipeline } from "@roomkit/core";
import { rnnoise } from "@roomkit/denoiser-rnnoise";
import { dtmf } from "@roomkit/dtmf";
import { type AudioPipelineConfig, audioPipeline } from "@roomkit/pipeline";
import { wavRecorder } from "@roomkit/recorder-wav";
import { sileroVad } from "@roomkit/vad-silero";
import type { Env } from "./config.ts";
import { chooseProviders, describe, type Providers } from "./providers.ts";
import type { Recordings } from "./recordings.ts";

/** What hears, thinks and speaks, shared by every call. */
export interface Speech extends Providers {
  /** The path of a caller's sound, in front of recogniser and model. */
  readonly pipeline: AudioPipeline;
  /** The same in front of speech to speech, which finds speech itself. */
  readonly realtimePipeline: AudioPipeline;
  /** What was chosen and why, by part. */
  readonly about: Readonly<Record<string, string>>;
  /** Loads the models, so that the first caller does not wait for them. */
  warmUp(): Promise<void>;
}

export function speech(env: Env, voice: string, recordings: Recordings): Speech {
  const vad = sileroVad();
  const providers = chooseProviders(env, voice, audioPipeline({ vad }));
  const { directory, name } = recordings;
  // What a caller may switch on in the page's settings. Their browser does the same already, and what it does is heard by nobody but us.
  const stages: AudioPipelineConfig = {
    dtmf: dtmf(),
    aec: webrtcAec(),
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
    about: describe(providers),
    async warmUp() {
      await Promise.all([stt.provider.warmUp?.(), tts.provider.warmUp?.(), ai.provider.warmUp?.(), vad.warmUp()]);
    },
  };
}
