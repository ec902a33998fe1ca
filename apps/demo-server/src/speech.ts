import type { AudioPipeline, SttProvider, TtsProvider } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { sileroVad } from "@roomkit/vad-silero";

/** What hears and speaks on this machine, shared by every call. */
export interface Speech {
  readonly stt: SttProvider;
  readonly tts: TtsProvider;
  readonly pipeline: AudioPipeline;
  /** Loads the models, so that the first caller does not wait for them. */
  warmUp(): Promise<void>;
}

export function speech(voice: string): Speech {
  const stt = moonshineStt();
  const tts = fliteTts({ voice });
  const vad = sileroVad();
  return {
    stt,
    tts,
    pipeline: audioPipeline({ vad }),
    async warmUp() {
      await Promise.all([stt.warmUp?.(), tts.warmUp?.(), vad.warmUp()]);
    },
  };
}
