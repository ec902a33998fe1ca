import { type AudioCodecName, type AudioSpecs, audioSampleRates } from "@roomkit/protocol";
import { assertNotMixed, resolveMount } from "./address.ts";
import type { AudioIOFactory, MicrophoneOptions } from "./browser/audio-io.ts";
import { WebAudio } from "./browser/web-audio.ts";
import { browserClock, type ClientClock } from "./clock.ts";
import { VoiceClientError } from "./errors.ts";
import type { JitterOptions } from "./playback/jitter-buffer.ts";
import { defaultReconnect, type ReconnectOptions } from "./session/backoff.ts";
import { browserPage, type Page } from "./session/page.ts";
import { autoTransport, type MakeWebRTC } from "./transport/auto.ts";
import type { TransportFactory } from "./transport/transport.ts";
import { WebSocketTransport } from "./transport/websocket.ts";

/**
 * A token, or what gives one: asked again for every attempt to connect, so that a short-lived token is fresh. `signal` aborts
 * when nobody waits for it any more. One that fails (throws, gives none, takes longer than `connectTimeoutMs`) fails that attempt
 * only; to end a call instead, throw a {@link VoiceClientError} that is not retryable.
 */
export type TokenSource = string | ((request: { readonly signal: AbortSignal }) => string | Promise<string>);

export interface VoiceClientOptions {
  /**
   * Where the server mounted its voice endpoints: `/voice`, `https://example.com/voice`; ws and wss are understood too. An address
   * of one of its endpoints (`/voice/websocket/offer`, `/voice/ui/`) means the mount.
   */
  readonly url: string | URL;
  /**
   * How to connect. `auto` begins both and takes WebRTC unless it has found no network path within `fallbackAfterMs`. A function
   * brings another transport. Default `websocket`.
   */
  readonly transport?: "websocket" | "webrtc" | "auto" | TransportFactory | undefined;
  /** (auto) How long WebRTC may look for a network path before the call goes over WebSocket, ms. Default 3,000. */
  readonly fallbackAfterMs?: number | undefined;
  /** Which microphone; `false` calls without one. */
  readonly microphone?: MicrophoneOptions | false | undefined;
  /** A device of `devices().outputs`; default the system's. */
  readonly outputDevice?: string | undefined;
  /** How audio is written. `mulaw` halves the traffic and sounds like it. Default `pcm16`. */
  readonly codec?: AudioCodecName | undefined;
  /** Rate of the audio that is sent, Hz: 8,000, 16,000, 24,000 or 48,000. Default 16,000. The server has the last word. */
  readonly sendSampleRate?: number | undefined;
  /** Rate of the audio that is received, Hz; as above. Default 24,000. */
  readonly receiveSampleRate?: number | undefined;
  /** Shown to the server's `auth` with every connection. A function is asked each time, so that it can be short-lived. */
  readonly token?: TokenSource | undefined;
  /**
   * Where the token goes. Browsers set no headers on a WebSocket, so it is a subprotocol, `roomkit.bearer.TOKEN` (default), or
   * `token` in the query, where servers and proxies log it. HTTP requests carry an `Authorization` header in the first case.
   */
  readonly tokenIn?: "subprotocol" | "query" | undefined;
  /** More for the query of every request. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** What to do when the connection is lost; `false` ends the call. */
  readonly reconnect?: Partial<ReconnectOptions> | false | undefined;
  /** How playback rides out late packets. */
  readonly jitter?: Partial<JitterOptions> | undefined;
  /** Where the page serves `workletSource`, when its content security policy forbids `blob:` scripts. */
  readonly workletUrl?: string | URL | undefined;
  /** From an attempt to connect to the server's `ready`, ms. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Time between pings, ms. Default 750; less when the server's idle limit asks for it. */
  readonly pingEveryMs?: number | undefined;
  /**
   * Silence after a ping that means the connection is dead, ms. Default 5,000: a server may stand still for a moment. Over sooner
   * when the server's address refuses connections too.
   */
  readonly deadAfterMs?: number | undefined;
  /** Named in the server's records. */
  readonly client?: { readonly name?: string | undefined; readonly version?: string | undefined } | undefined;
  /** Hears of event handlers that threw. Default: the console. */
  readonly onHandlerError?: ((error: unknown, event: string) => void) | undefined;
  /** For tests: time, chance, the page, and the page's ears and mouth. */
  readonly environment?: Partial<Environment> | undefined;
}

/** Everything the client takes from the platform. */
export interface Environment {
  readonly clock: ClientClock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly page: Page;
  readonly audio: AudioIOFactory;
  /** What a relative `url` is relative to. */
  readonly baseUrl: string;
}

/** The options with nothing left open. */
export interface ResolvedOptions {
  readonly url: URL;
  readonly makeTransport: TransportFactory;
  readonly microphone: MicrophoneOptions | undefined;
  readonly outputDevice: string | undefined;
  readonly audio: AudioSpecs;
  readonly token: TokenSource | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly tokenIn: "subprotocol" | "query";
  readonly reconnect: ReconnectOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly pingEveryMs: number;
  readonly deadAfterMs: number;
  readonly client: { readonly name?: string | undefined; readonly version?: string | undefined };
  readonly onHandlerError: (error: unknown, event: string) => void;
  readonly environment: Environment;
}

/** @throws VoiceClientError `invalid_option`, `insecure_url`. */
export function resolveOptions(options: VoiceClientOptions): ResolvedOptions {
  const { environment, jitter, workletUrl } = options;
  const codec = options.codec ?? "pcm16";
  if (codec !== "pcm16" && codec !== "mulaw") throw invalid("codec", "pcm16 or mulaw");
  const { transport = "websocket", tokenIn = "subprotocol" } = options;
  if (tokenIn !== "subprotocol" && tokenIn !== "query") throw invalid("tokenIn", "subprotocol or query");
  const fallbackAfterMs = ms("fallbackAfterMs", options.fallbackAfterMs ?? 3_000);
  const page = environment?.baseUrl ?? globalThis.location?.href;
  const url = resolveMount(options.url, page);
  // Another transport may know another way.
  if (typeof transport !== "function") assertNotMixed(url, page);
  return {
    url,
    makeTransport: factory(transport, fallbackAfterMs),
    microphone: options.microphone === false ? undefined : (options.microphone ?? {}),
    outputDevice: options.outputDevice,
    audio: {
      send: { codec, sampleRate: rate("sendSampleRate", options.sendSampleRate ?? 16_000) },
      receive: { codec, sampleRate: rate("receiveSampleRate", options.receiveSampleRate ?? 24_000) },
    },
    token: token(options.token),
    query: options.query ?? {},
    tokenIn,
    reconnect: options.reconnect === false ? undefined : { ...defaultReconnect, ...options.reconnect },
    connectTimeoutMs: ms("connectTimeoutMs", options.connectTimeoutMs ?? 10_000),
    pingEveryMs: ms("pingEveryMs", options.pingEveryMs ?? 750),
    deadAfterMs: ms("deadAfterMs", options.deadAfterMs ?? 5_000),
    client: options.client ?? {},
    onHandlerError:
      options.onHandlerError ?? ((error, event) => console.error(`[roomkit] a handler of "${event}" failed`, error)),
    environment: {
      clock: browserClock,
      random: Math.random,
      page: browserPage,
      audio: (handlers) => new WebAudio({ workletUrl, jitter }, handlers),
      baseUrl: "",
      ...environment,
    },
  };
}

/** WebRTC is a file of its own, loaded when it is first wanted. */
const webrtc: MakeWebRTC = async (context, options) => {
  const { WebRTCTransport } = await import("./transport/webrtc/webrtc.ts");
  return new WebRTCTransport(context, options);
};

function factory(transport: NonNullable<VoiceClientOptions["transport"]>, fallbackAfterMs: number): TransportFactory {
  if (typeof transport === "function") return transport;
  if (transport === "websocket") return (context) => new WebSocketTransport(context);
  if (transport === "webrtc") return (context) => webrtc(context);
  if (transport === "auto") return autoTransport(webrtc, fallbackAfterMs);
  throw invalid("transport", "websocket, webrtc, auto or a function");
}

/** A promise of a token, or an empty one, is a mistake of the page: it would look like a refusal of the server. */
function token(value: unknown): TokenSource | undefined {
  if (value === undefined || typeof value === "function") return value as TokenSource | undefined;
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  throw invalid("token", "text, or a function that gives text");
}

function rate(name: string, value: number): number {
  if ((audioSampleRates as readonly number[]).includes(value)) return value;
  throw invalid(name, audioSampleRates.join(", "));
}

function ms(name: string, value: number): number {
  if (value > 0 && value <= 3_600_000) return value;
  throw invalid(name, "milliseconds above 0");
}

function invalid(name: string, rule: string): VoiceClientError {
  return new VoiceClientError("invalid_option", `${name} must be ${rule}`);
}
