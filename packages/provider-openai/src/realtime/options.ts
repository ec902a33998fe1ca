import type { AudioCodec, Clock, Logger } from "@roomkit/core";
import type { ReconnectOptions, RetryOptions, Secret, SocketConnectionOptions } from "@roomkit/provider-utils";
import { refuse } from "../connection/connection.ts";

/** The vendor hears silence. */
export interface ServerVad {
  readonly type: "server_vad";
  /** How loud speech must be, 0 to 1. */
  readonly threshold?: number | undefined;
  /** Audio kept from before the speech, ms. */
  readonly prefixPaddingMs?: number | undefined;
  /** Silence that ends a turn, ms. */
  readonly silenceDurationMs?: number | undefined;
  /** Silence of the caller after which the model speaks up by itself, ms. */
  readonly idleTimeoutMs?: number | undefined;
  /** Whether a turn is answered without being asked. Default true. */
  readonly createResponse?: boolean | undefined;
  /** Whether speech stops the answer under way. Default true. */
  readonly interruptResponse?: boolean | undefined;
}

/** The vendor judges by the words whether somebody has finished. */
export interface SemanticVad extends Pick<ServerVad, "createResponse" | "interruptResponse"> {
  readonly type: "semantic_vad";
  /** How soon it thinks so. Default `auto`. */
  readonly eagerness?: "low" | "medium" | "high" | "auto" | undefined;
}

export interface OpenAIRealtimeOptions {
  /** Default: the variable `OPENAI_API_KEY`. */
  readonly apiKey?: string | Secret | undefined;
  /** Default: the variable `OPENAI_BASE_URL`, or `https://api.openai.com/v1`; `http` and `ws` (without TLS) for a server of your own. */
  readonly baseURL?: string | undefined;
  readonly organization?: string | undefined;
  readonly project?: string | undefined;
  /** Headers added to every upgrade. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default `gpt-realtime`. */
  readonly model?: string | undefined;
  /** Where the session does not say. Default `marin`. */
  readonly voice?: string | undefined;
  /** How turns are found where the session does not say `manual`. Default `{ type: "semantic_vad" }`. */
  readonly turnDetection?: ServerVad | SemanticVad | undefined;
  /** Transcripts of what the caller says; false for none. Default `gpt-4o-mini-transcribe`. */
  readonly transcription?: { readonly model: string; readonly prompt?: string | undefined } | false | undefined;
  /** Where the microphone is: `near_field` (headset, telephone), `far_field` (laptop, room); false: none. Default `far_field`. */
  readonly noiseReduction?: "near_field" | "far_field" | false | undefined;
  /**
   * Lets it speak G.711: `mulaw()` or `alaw()` of `@roomkit/codec-mulaw`. Each direction whose caller has 8,000 Hz (a telephone), or
   * of which `connect` was told no rate, is G.711 then; any other is PCM at 24 kHz, as all are without it.
   */
  readonly codec?: AudioCodec | undefined;
  /** How fast it speaks, 0.25 to 1.5. Default 1. */
  readonly speed?: number | undefined;
  /** Longest answer in tokens, audio included. Default: no limit. */
  readonly maxOutputTokens?: number | undefined;
  /** How long an answer's words wait for the caller's, which come from another model, ms. Default 1,500. */
  readonly transcriptWaitMs?: number | undefined;
  /** Age at which a connection is replaced, in a pause of the conversation, ms: the vendor ends it at 60 minutes. Default 3,300,000. */
  readonly maxSessionMs?: number | undefined;
  /** Longest wait for the upgrade, and then for the vendor's handshake, ms. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Longest silence of a vendor that has been asked for an answer, ms. Default 20,000. */
  readonly responseTimeoutMs?: number | undefined;
  /** Tries of the first connection. */
  readonly retry?: RetryOptions | undefined;
  /** Tries after a loss. */
  readonly reconnect?: ReconnectOptions | undefined;
  /** A proxy, a private certificate authority. */
  readonly connection?: SocketConnectionOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** How the audio of one direction goes over the wire: G.711 at 8 kHz with its codec, PCM at 24 kHz without. */
export interface WireAudio {
  readonly sampleRate: 8_000 | 24_000;
  readonly codec: AudioCodec | undefined;
}

/** Both directions, seen from the vendor. */
export interface WireFormats {
  readonly input: WireAudio;
  readonly output: WireAudio;
}

/** What suits the rates the other end has, in Hz. G.711 is for those that have no more than it carries. */
export function wireFormats(
  { codec }: Pick<RealtimeSettings, "codec">,
  rates: { readonly inputSampleRate?: number | undefined; readonly outputSampleRate?: number | undefined } = {},
): WireFormats {
  const suiting = (rate = 8_000): WireAudio =>
    codec && rate <= 8_000 ? { sampleRate: 8_000, codec } : { sampleRate: 24_000, codec: undefined };
  return { input: suiting(rates.inputSampleRate), output: suiting(rates.outputSampleRate) };
}

/** What the protocol reads, with its defaults. */
export interface RealtimeSettings {
  readonly voice: string;
  readonly turnDetection: ServerVad | SemanticVad;
  readonly transcription: { readonly model: string; readonly prompt?: string | undefined } | false;
  readonly noiseReduction: "near_field" | "far_field" | false;
  readonly codec: AudioCodec | undefined;
  readonly speed: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly transcriptWaitMs: number;
}

/** @throws RoomKitError `invalid_option`. */
export function realtimeSettings(options: OpenAIRealtimeOptions): RealtimeSettings {
  const { codec, speed, maxOutputTokens, model = "-", turnDetection = { type: "semantic_vad" } } = options;
  if (model === "") refuse("model must not be empty");
  if (codec && codec.name !== "mulaw" && codec.name !== "alaw") refuse("codec must be mulaw or alaw");
  if (
    maxOutputTokens !== undefined &&
    !(Number.isInteger(maxOutputTokens) && maxOutputTokens >= 1 && maxOutputTokens <= 4096)
  )
    refuse("maxOutputTokens must be a whole number from 1 to 4096");
  for (const name of ["transcriptWaitMs", "maxSessionMs", "handshakeTimeoutMs", "responseTimeoutMs"] as const) {
    const value = options[name];
    if (value !== undefined && !(value > 0)) refuse(`${name} must be > 0`);
  }
  return {
    voice: options.voice ?? "marin",
    turnDetection,
    transcription: options.transcription ?? { model: "gpt-4o-mini-transcribe" },
    noiseReduction: options.noiseReduction ?? "far_field",
    codec,
    speed,
    maxOutputTokens,
    transcriptWaitMs: options.transcriptWaitMs ?? 1_500,
  };
}
