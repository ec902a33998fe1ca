import {
  assertOptions,
  type RealtimeCapabilities,
  type RealtimeConnectOptions,
  type RealtimeProvider,
  type RealtimeSession,
  type RealtimeSessionConfig,
} from "@roomkit/core";
import {
  checkRetryOptions,
  connectionKinds,
  ManagedWebSocket,
  type ProviderErrorKind,
  RealtimeSessions,
  reconnectKinds,
  retryKinds,
  type Secret,
  unversioned,
  webSocketUrl,
} from "@roomkit/provider-utils";
import { keyOf, NAME } from "../connection/name.ts";
import { type GeminiLiveOptions, type LiveSettings, liveSettings } from "./options.ts";
import { GeminiLiveProtocol } from "./protocol.ts";

/**
 * Gemini's speech-to-speech models, through the Live API. The wire format is spoken directly: the SDK's own client never says
 * that it could not connect.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function geminiLive(options: GeminiLiveOptions = {}): RealtimeProvider {
  assertOptions("geminiLive", options, {
    string: ["apiKey", "baseURL", "apiVersion", "model", "voice"],
    number: ["thinkingBudget", "maxOutputTokens", "handshakeTimeoutMs", "responseTimeoutMs"],
    boolean: ["interruptible", "transcription"],
    object: ["apiKey", "clock", "logger"],
    oneOf: { compression: [false] },
    members: {
      activityDetection: {
        oneOf: { startSensitivity: ["low", "high"], endSensitivity: ["low", "high"] },
        number: ["prefixPaddingMs", "silenceDurationMs"],
      },
      compression: { number: ["triggerTokens", "targetTokens"] },
      retry: retryKinds,
      reconnect: reconnectKinds,
      connection: connectionKinds,
    },
  });
  return new GeminiLive(options);
}

class GeminiLive implements RealtimeProvider {
  readonly name: string = NAME;
  readonly capabilities: RealtimeCapabilities = {
    inputSampleRates: [16_000],
    outputSampleRates: [24_000],
    truncation: false,
    serverTurnDetection: true,
    midSessionUpdate: false,
    resumption: true,
  };
  readonly #options: Omit<GeminiLiveOptions, "apiKey">;
  readonly #settings: LiveSettings;
  readonly #key: Secret;
  readonly #sessions: RealtimeSessions;

  constructor({ apiKey, ...options }: GeminiLiveOptions) {
    this.#options = options;
    this.#settings = liveSettings(options);
    checkRetryOptions(options.retry);
    this.#key = keyOf(apiKey);
    urlOf(options, this.#key);
    // The vendor says when a connection ends: goAway.
    this.#sessions = new RealtimeSessions(options, { provider: NAME, maxConnectionMs: Number.POSITIVE_INFINITY });
  }

  connect(config: RealtimeSessionConfig, options: RealtimeConnectOptions): Promise<RealtimeSession> {
    return this.#sessions.start(
      {
        createProtocol: (port) => new GeminiLiveProtocol(port, this.#settings, config),
        open: (signal) => this.#open(signal),
      },
      options,
    );
  }

  close(): Promise<void> {
    return this.#sessions.close();
  }

  #open(signal: AbortSignal): Promise<ManagedWebSocket> {
    const { clock, connection, handshakeTimeoutMs } = this.#options;
    return ManagedWebSocket.open(urlOf(this.#options, this.#key), {
      provider: NAME,
      signal,
      clock,
      connection,
      handshakeTimeoutMs,
      // Its pongs take up to half a minute while it speaks.
      pingIntervalMs: 20_000,
      pongTimeoutMs: 40_000,
      classifyClose,
    });
  }
}

/** 1007 is a message it does not take, 1008 a key or a model; the reason says which. */
function classifyClose(code: number, reason: string): ProviderErrorKind | undefined {
  if (/quota|billing/i.test(reason)) return "quota";
  if (/api.?key|unauthenticated|permission|credential/i.test(reason)) return "auth";
  return code === 1007 ? "invalid_request" : undefined;
}

function urlOf(options: Omit<GeminiLiveOptions, "apiKey">, key: Secret): URL {
  // The variable that the vendor's own SDK reads, which the other providers of this package are built on.
  const { baseURL = process.env.GOOGLE_GEMINI_BASE_URL || "https://generativelanguage.googleapis.com" } = options;
  const token = key.reveal().startsWith("auth_tokens/");
  const { apiVersion = token ? "v1alpha" : "v1beta" } = options;
  const method = token ? "BidiGenerateContentConstrained" : "BidiGenerateContent";
  const path = `/ws/google.ai.generativelanguage.${apiVersion}.GenerativeService.${method}`;
  const url = webSocketUrl(unversioned(baseURL), path, NAME);
  url.searchParams.set(token ? "access_token" : "key", key.reveal());
  return url;
}
