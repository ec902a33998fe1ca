import {
  consoleLogger,
  type RealtimeCapabilities,
  type RealtimeConnectOptions,
  type RealtimeProvider,
  type RealtimeSession,
  type RealtimeSessionConfig,
  systemClock,
} from "@roomkit/core";
import {
  checkRetryOptions,
  kindOfVendorCode,
  ManagedWebSocket,
  RealtimeSessions,
  resolveKey,
  type Secret,
} from "@roomkit/provider-utils";
import { NAME, refuse } from "../connection/connection.ts";
import { type OpenAIRealtimeOptions, type RealtimeSettings, realtimeSettings } from "./options.ts";
import { OpenAIRealtimeProtocol } from "./protocol.ts";

/**
 * OpenAI's speech-to-speech models. The wire format is spoken directly; the SDK is needed for its types only.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function openaiRealtime(options: OpenAIRealtimeOptions = {}): RealtimeProvider {
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
    const rates = [this.#settings.codec ? 8_000 : 24_000];
    this.capabilities = {
      inputSampleRates: rates,
      outputSampleRates: rates,
      truncation: true,
      serverTurnDetection: true,
      midSessionUpdate: true,
      // In words: what was said is told to the new connection.
      resumption: true,
    };
    this.#sessions = new RealtimeSessions({
      provider: NAME,
      clock: options.clock ?? systemClock,
      logger: options.logger ?? consoleLogger,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
      responseTimeoutMs: options.responseTimeoutMs ?? 20_000,
      maxConnectionMs: options.maxSessionMs ?? 55 * 60_000,
      reconnect: options.reconnect,
      retry: options.retry,
    });
  }

  connect(config: RealtimeSessionConfig, options: RealtimeConnectOptions): Promise<RealtimeSession> {
    return this.#sessions.start(
      {
        createProtocol: (port) => new OpenAIRealtimeProtocol(port, this.#settings, config),
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
      headers: {
        ...headers,
        ...(organization === undefined ? {} : { "OpenAI-Organization": organization }),
        ...(project === undefined ? {} : { "OpenAI-Project": project }),
        authorization: `Bearer ${this.#key.reveal()}`,
      },
    });
  }
}

function closeKind(code: number, reason: string): "auth" | "quota" | undefined {
  if (code < 3000 || reason === "") return undefined;
  const kind = kindOfVendorCode(reason);
  return kind === "auth" || kind === "quota" ? kind : undefined;
}

function urlOf({ baseURL = "https://api.openai.com/v1", model = "gpt-realtime" }: OpenAIRealtimeOptions): URL {
  let url: URL;
  try {
    url = new URL(`${baseURL.replace(/\/+$/, "")}/realtime`);
  } catch {
    refuse("baseURL is no URL");
  }
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  if (url.protocol !== "ws:" && url.protocol !== "wss:") refuse("baseURL must begin with https, http, wss or ws");
  url.searchParams.set("model", model);
  return url;
}
