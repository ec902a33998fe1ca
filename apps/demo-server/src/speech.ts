import type { AudioPipeline } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { sileroVad } from "@roomkit/vad-silero";
import type { Env } from "./config.ts";
import { chooseProviders, describe, type Providers } from "./providers.ts";

/** What hears, thinks and speaks, shared by every call. */
export interface Speech extends Providers {
  readonly pipeline: AudioPipeline;
  /** What was chosen and why, by part. */
  readonly about: Readonly<Record<string, string>>;
  /** Loads the models, so that the first caller does not wait for them. */
  warmUp(): Promise<void>;
}

export function speech(env: Env, voice: string): Speech {
  const vad = sileroVad();
  const pipeline = audioPipeline({ vad });
  const providers = chooseProviders(env, voice, pipeline);
  const { stt, ai, tts } = providers;
  return {
    ...providers,
    pipeline,
    about: describe(providers),
    async warmUp() {
      await Promise.all([stt.provider.warmUp?.(), tts.provider.warmUp?.(), ai.provider.warmUp?.(), vad.warmUp()]);
    },
  };
}
