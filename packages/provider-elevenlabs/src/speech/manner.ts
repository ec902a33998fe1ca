import { RoomKitError, type TtsOptions } from "@roomkit/core";
import { type ElevenLabsSettings, NAME } from "../options.ts";

/** How one utterance is to be spoken: the call's wishes, else the provider's. */
export interface Manner {
  readonly voice: string;
  readonly model: string;
  /** ISO 639-1; undefined where the model finds out, or does not take it. */
  readonly language: string | undefined;
  readonly outputFormat: string;
  readonly settings: Readonly<Record<string, number | boolean>> | undefined;
}

/** What the vendor's voices can do. */
const SLOWEST = 0.7;
const FASTEST = 1.2;

/** @throws RoomKitError `unknown_voice` for what is no id of a voice. */
export function mannerOf(options: ElevenLabsSettings, call: Omit<TtsOptions, "signal">): Manner {
  const { model = "eleven_flash_v2_5", sampleRate = 24_000 } = options;
  const voice = call.voice ?? options.voice;
  if (!/^[\w-]+$/.test(voice)) throw new RoomKitError("unknown_voice", `${NAME}: a voice is named by its id`);
  const language = (call.language ?? options.language)?.split("-")[0]?.toLowerCase();
  const { stability, similarityBoost, style, useSpeakerBoost } = options.voiceSettings ?? {};
  const speed = call.speed === undefined ? undefined : Math.min(FASTEST, Math.max(SLOWEST, call.speed));
  const settings = Object.entries({
    stability,
    similarity_boost: similarityBoost,
    style,
    use_speaker_boost: useSpeakerBoost,
    speed,
  }).filter((entry): entry is [string, number | boolean] => entry[1] !== undefined);
  return {
    voice,
    model,
    // These models take none, and find out by themselves.
    language: /multilingual_v[12]|monolingual/.test(model) ? undefined : language,
    outputFormat: `pcm_${sampleRate}`,
    settings: settings.length === 0 ? undefined : Object.fromEntries(settings),
  };
}
