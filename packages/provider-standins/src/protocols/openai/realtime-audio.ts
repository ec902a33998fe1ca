import type { AudioCodec } from "@roomkit/core";
import { samplesOfBytes } from "@roomkit/provider-utils";
import type { RealtimeAudioFormats } from "openai/resources/realtime/realtime";
import { audioOfText, MS_PER_CHARACTER } from "../speech-audio.ts";

/** Audio of one direction as a session's configuration has it on the wire. */
export interface WireAudio {
  readonly sampleRate: number;
  decode(bytes: Uint8Array): Int16Array;
  /** Speech that says a text. How loud its characters are does not survive G.711 to the last bit; how long they are does. */
  speak(text: string): Uint8Array;
}

const HUM = 0x55;
const pcm: WireAudio = {
  sampleRate: 24_000,
  decode: samplesOfBytes,
  speak: (text) => new Uint8Array(audioOfText(text, 24_000).buffer),
};

/** @param codec of G.711; without it what is heard is silence, and what is said a hum. */
export function wireAudio(format: RealtimeAudioFormats | undefined, codec: AudioCodec | undefined): WireAudio {
  if (format?.type === undefined || format.type === "audio/pcm") return pcm;
  return {
    sampleRate: 8_000,
    decode: (bytes) => codec?.decode(bytes) ?? new Int16Array(bytes.length),
    speak: (text) =>
      codec?.encode(audioOfText(text, 8_000)) ?? new Uint8Array(text.length * MS_PER_CHARACTER * 8).fill(HUM),
  };
}
