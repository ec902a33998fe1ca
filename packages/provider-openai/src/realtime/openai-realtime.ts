import {
  assertOptions,
  defined,
  type RealtimeCapabilities,
  type RealtimeConnectOptions,
  type RealtimeProvider,
  type RealtimeSession,
  type RealtimeSessionConfig,
} from "@roomkit/core";
import {
  checkRetryOptions,
  connectionKinds,
  kindOfVendorCode,
  ManagedWebSocket,
  RealtimeSessions,
  reconnectKinds,
  resolveKey,
  retryKinds,
  type Secret,
  versioned,
  webSocketUrl,
} from "@roomkit/provider-utils";
import { NAME } from "../connection/connection.ts";
import { type OpenAIRealtimeOptions, type RealtimeSettings, realtimeSettings, wireFormats } from "./options.ts";
import { OpenAIRealtimeProtocol } from "./protocol.ts";

/**
 * OpenAI's speech-to-speech models. The wire format is spoken directly; the SDK is needed for its types only.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function openaiRealtime(options: OpenAIRealtimeOptions = {}): RealtimeProvider {
  assertOptions("openaiRealtime", options, {
    string: ["apiKey", "baseURL", "organization", "project", "model", "voice"],
    number: ["maxOutputTokens", "transcriptWaitMs", "maxSessionMs", "handshakeTimeoutMs", "responseTimeoutMs"],
    oneOf: { noiseReduction: ["near_field", "far_field", false], transcription: [false] },
    within: { speed: [0.25, 1.5] },
    object: ["apiKey", "headers", "codec", "clock", "logger"],
    members: {
      turnDetection: {
        required: ["type"],
        oneOf: { type: ["server_vad", "semantic_vad"], eagerness: ["low", "medium", "high", "auto"] },
        number: ["prefixPaddingMs", "silenceDurationMs", "idleTimeoutMs"],
        within: { threshold: [0, 1] },
        boolean: ["createResponse", "interruptResponse"],
      },
      transcription: { required: ["model"], string: ["model", "prompt"] },
      retry: retryKinds,
      reconnect: reconnectKinds,
      connection: connectionKinds,
    },
  });
  return new OpenAIRealtime(options);
}

class OpenAIRealtime implements RealtimeProvider {
  readonly name: string = NAME;
  readonly capabilities: RealtimeCapabilities;
  readonly #options: Omit<OpenAIRealtimeOptions, "apiKey">;
  readonly #settings: RealtimeSettings;
  readonly #key: Secret;
  readonly #url: URL;
  readonly #sessions: RealtimeSessions;

  constructor({ apiKey, ...options }: OpenAIRealtimeOptions) {
    this.#options = options;
    this.#settings = realtimeSettings(options);
    checkRetryOptions(options.retry);
    this.#key = resolveKey({ provider: NAME, option: apiKey, env: "OPENAI_API_KEY" });
    this.#url = urlOf(options);
    const rates = this.#settings.codec ? [8_000, 24_000] : [24_000];
    this.capabilities = {
      inputSampleRates: rates,
      outputSampleRates: rates,
      truncation: true,
      serverTurnDetection: true,
      midSessionUpdate: true,
      // In words: what was said is told to the new connection.
      resumption: true,
    };
    const { maxSessionMs = 55 * 60_000 } = options;
    this.#sessions = new RealtimeSessions(options, { provider: NAME, maxConnectionMs: maxSessionMs });
  }

  connect(config: RealtimeSessionConfig, options: RealtimeConnectOptions): Promise<RealtimeSession> {
    const formats = wireFormats(this.#settings, options);
    return this.#sessions.start(
      {
        createProtocol: (port) => new OpenAIRealtimeProtocol(port, { settings: this.#settings, config, formats }),
        open: (signal) => this.#open(signal),
      },
      options,
    );
  }

  close(): Promise<void> {
    return this.#sessions.close();
  }

  #open(signal: AbortSignal): Promise<ManagedWebSocket> {
    const { organization, project, headers, clock, connection, handshakeTimeoutMs } = this.#options;
    return ManagedWebSocket.open(this.#url, {
      provider: NAME,
      signal,
      clock,
      connection,
      handshakeTimeoutMs,
      // Its reasons are its error codes.
      classifyClose: (code, reason) => (code === 1000 || code === 1005 ? undefined : closeKind(code, reason)),
      headers: defined({
        ...headers,
        "OpenAI-Organization": organization,
        "OpenAI-Project": project,
        authorization: `Bearer ${this.#key.reveal()}`,
      }),
    });
  }
}

function closeKind(code: number, reason: string): "auth" | "quota" | undefined {
  if (code < 3000 || reason === "") return undefined;
  const kind = kindOfVendorCode(reason);
  return kind === "auth" || kind === "quota" ? kind : undefined;
}

function urlOf({ baseURL, model = "gpt-realtime" }: OpenAIRealtimeOptions): URL {
  const base = baseURL ?? (process.env.OPENAI_BASE_URL || "https://api.openai.com/v1");
  const url = webSocketUrl(versioned(base), "/realtime", NAME);
  url.searchParams.set("model", model);
  return url;
}
