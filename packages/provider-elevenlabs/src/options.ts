import { type Clock, type Logger, RoomKitError } from "@roomkit/core";
import {
  checkRetryOptions,
  type ManagedWebSocketOptions,
  type RetryOptions,
  type Secret,
} from "@roomkit/provider-utils";

export const NAME = "elevenlabs";

/** Rates the vendor speaks linear PCM at over all transports, in Hz. */
export type ElevenLabsSampleRate = 8_000 | 16_000 | 22_050 | 24_000 | 44_100;
const SAMPLE_RATES: readonly number[] = [8_000, 16_000, 22_050, 24_000, 44_100];

/** How the voice speaks; each 0 to 1. Default: what is stored with the voice. */
export interface ElevenLabsVoiceSettings {
  readonly stability?: number | undefined;
  readonly similarityBoost?: number | undefined;
  readonly style?: number | undefined;
  /** Closer to the original speaker, a little later. */
  readonly useSpeakerBoost?: boolean | undefined;
}

export interface ElevenLabsTtsOptions {
  /** The id of a voice, e.g. `JBFqnCBsd6RMkjVDRZzb`, where the call names none. */
  readonly voice: string;
  /** Default: the variable `ELEVENLABS_API_KEY`. */
  readonly apiKey?: string | Secret | undefined;
  /** Default `eleven_flash_v2_5`, the soonest. */
  readonly model?: string | undefined;
  /** BCP 47 tag where the call names none. Default: the model hears it in the text. */
  readonly language?: string | undefined;
  /** Hz. Default 24,000. 44,100 is not for every plan of the vendor's. */
  readonly sampleRate?: ElevenLabsSampleRate | undefined;
  readonly voiceSettings?: ElevenLabsVoiceSettings | undefined;
  /** Whether numbers and the like are spelled out before they are spoken. Default `auto`. */
  readonly textNormalization?: "auto" | "on" | "off" | undefined;
  /** False: the vendor keeps nothing (for enterprise accounts). Default true. */
  readonly enableLogging?: boolean | undefined;
  /** Dictionaries of the account, for names and terms; at most 3. */
  readonly pronunciationDictionaries?: readonly { readonly id: string; readonly versionId: string }[] | undefined;
  /** `http` is one request for each piece of text, with the SDK, and without word timings. Default `websocket`. */
  readonly transport?: "websocket" | "http" | undefined;
  /** All utterances of this provider share one WebSocket, so that only the first waits for a connection: one provider a session. Default false. */
  readonly multi?: boolean | undefined;
  /** How long a shared WebSocket is kept while nothing is said, ms, up to 170,000. Default 120,000. */
  readonly idleMs?: number | undefined;
  /** The vendor's own way of cutting text, for pieces that are whole sentences. WebSocket only. Default false. */
  readonly autoMode?: boolean | undefined;
  /** Longest wait for the connection (http: for the first audio), ms. Default 10,000. */
  readonly firstByteMs?: number | undefined;
  /** Longest wait for audio after text was sent, and between two pieces of it, ms. 0: no limit. Default 10,000. */
  readonly stallMs?: number | undefined;
  /** Retries before any audio came. */
  readonly retry?: RetryOptions | undefined;
  /** Scheme and host, `https:` or `http:`; WebSockets go to the same. Default `https://api.elevenlabs.io`. */
  readonly baseURL?: string | undefined;
  /** Headers added to every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How WebSockets are made and watched. */
  readonly socket?: Pick<ManagedWebSocketOptions, "connection" | "pingIntervalMs" | "pongTimeoutMs"> | undefined;
  /** Replaces the platform's fetch, for `http`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** The options without the key, which nothing keeps but the Secret. */
export type ElevenLabsSettings = Omit<ElevenLabsTtsOptions, "apiKey">;

/** @throws RoomKitError `invalid_option`. */
export function checkOptions(options: ElevenLabsTtsOptions): void {
  const refuse = (what: string): never => {
    throw new RoomKitError("invalid_option", `${NAME}: ${what}`);
  };
  const { voice, model = "-", language = "-", sampleRate = 24_000, baseURL = "https://a" } = options;
  if (typeof voice !== "string" || voice === "") refuse("voice is required");
  if (model === "" || language === "") refuse("model and language must not be empty");
  if (!SAMPLE_RATES.includes(sampleRate)) refuse(`sampleRate must be one of ${SAMPLE_RATES.join(", ")}`);
  if (!/^https?:\/\/[^/]/.test(baseURL)) refuse("baseURL must begin with https:// or http://");
  if (!URL.canParse(baseURL)) refuse("baseURL is no URL");
  const { transport = "websocket", multi, idleMs = 120_000, autoMode, firstByteMs = 1, stallMs = 0 } = options;
  if (transport === "http" && (multi || autoMode)) refuse("multi and autoMode are for the websocket transport");
  if (!(idleMs >= 0 && idleMs <= 170_000)) refuse("idleMs must be 0 to 170,000");
  if (!(firstByteMs >= 1)) refuse("firstByteMs must be >= 1");
  if (!(stallMs >= 0)) refuse("stallMs must be >= 0");
  if ((options.pronunciationDictionaries ?? []).length > 3) refuse("at most 3 pronunciationDictionaries");
  checkRetryOptions(options.retry);
}
