import type { DeepgramClient } from "@deepgram/sdk";
import {
  type AudioFormat,
  type AudioFrame,
  assertOptions,
  RoomKitError,
  type SttCapabilities,
  type SttOptions,
  type SttProvider,
  type TranscriptPart,
} from "@roomkit/core";
import { OpenCalls, retryKinds } from "@roomkit/provider-utils";
import { NAME, socketKinds } from "../connection/options.ts";
import { DeepgramSdk } from "../connection/sdk.ts";
import { type LiveProtocol, listenLive } from "../live/listen-live.ts";
import { withFlags } from "../nova/query.ts";
import { checkFluxOptions, type DeepgramFluxOptions, MULTILINGUAL } from "./options.ts";
import { TurnReader } from "./turn-reader.ts";

type Arguments = Parameters<DeepgramClient["listen"]["v2"]["connect"]>[0];
type Socket = Awaited<ReturnType<DeepgramClient["listen"]["v2"]["connect"]>>;

/**
 * Deepgram's Flux, which hears when a turn begins and ends. Each call is a connection of its own, made when its first frame
 * comes; audio must flow for as long as it lasts, silence included. The SDK is loaded with the first call, or by `warmUp`.
 *
 * A call throws ProviderError (every kind) and RoomKitError `aborted`, `closed`, `unsupported_format`, `unsupported_language`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function deepgramFlux(options: DeepgramFluxOptions = {}): SttProvider {
  assertOptions("deepgramFlux", options, {
    string: ["model", "apiKey", "baseURL"],
    oneOf: { redact: ["numbers", "aggressive_numbers"] },
    number: ["endOfTurnThreshold", "eagerThreshold", "endOfTurnTimeoutMs", "connectTimeoutMs", "stallMs"],
    boolean: ["numerals", "profanityFilter", "mipOptOut"],
    object: ["apiKey", "headers", "parameters", "clock", "logger"],
    strings: ["languageHints", "keyterms", "tags"],
    members: { socket: socketKinds, retry: retryKinds },
  });
  checkFluxOptions(options);
  return new DeepgramFlux(options);
}

class DeepgramFlux implements SttProvider {
  readonly name: string = `${NAME}-flux`;
  readonly capabilities: SttCapabilities;
  readonly #options: DeepgramFluxOptions;
  readonly #sdk: DeepgramSdk;
  readonly #calls = new OpenCalls(NAME);

  constructor(options: DeepgramFluxOptions) {
    const { apiKey: _key, ...rest } = options;
    this.#options = rest;
    this.#sdk = new DeepgramSdk(options);
    this.capabilities = {
      streaming: true,
      turnDetection: true,
      // The API has words, but times for them only sometimes.
      wordTimings: false,
      ...(options.model === MULTILINGUAL ? {} : { languages: ["en"] }),
    };
  }

  transcribe(audio: AsyncIterable<AudioFrame>, { signal, ...call }: SttOptions): AsyncIterable<TranscriptPart> {
    const protocol: LiveProtocol<Socket> = {
      create: (client, format) => client.listen.v2.connect(fluxQuery(this.#options, call, format)),
      reader: new TurnReader(),
      finish: (sdk) => sdk.sendCloseStream({ type: "CloseStream" }),
    };
    return listenLive(audio, protocol, { calls: this.#calls, sdk: this.#sdk, options: this.#options, signal });
  }

  async warmUp(): Promise<void> {
    await this.#sdk.load();
  }

  async close(): Promise<void> {
    this.#calls.close();
  }
}

/** @throws RoomKitError `unsupported_language`, `unsupported_format`. */
function fluxQuery(
  options: DeepgramFluxOptions,
  { language, keywords = [] }: Pick<SttOptions, "language" | "keywords">,
  { sampleRate, channels }: AudioFormat,
): Arguments {
  const { model = "flux-general-en", keyterms = [], tags, parameters, redact } = options;
  if (channels !== 1) throw new RoomKitError("unsupported_format", "Flux takes one channel");
  // The API takes ISO 639, without the region.
  const spoken = language?.split("-")[0]?.toLowerCase();
  if (spoken !== undefined && model !== MULTILINGUAL && spoken !== "en") {
    throw new RoomKitError("unsupported_language", `${model} hears English only: use ${MULTILINGUAL}`, {
      details: { language },
    });
  }
  const hints = model === MULTILINGUAL ? [...(spoken ? [spoken] : []), ...(options.languageHints ?? [])] : [];
  const terms = [...new Set([...keyterms, ...keywords])].filter((term) => term.trim() !== "");
  const { endOfTurnThreshold, eagerThreshold, endOfTurnTimeoutMs, numerals, profanityFilter, mipOptOut } = options;
  return {
    ...withFlags({
      eot_threshold: endOfTurnThreshold,
      eager_eot_threshold: eagerThreshold,
      eot_timeout_ms: endOfTurnTimeoutMs,
      numerals,
      profanity_filter: profanityFilter,
      mip_opt_out: mipOptOut,
      redact,
      tag: tags && [...tags],
      ...(hints.length === 0 ? {} : { language_hint: [...new Set(hints)] }),
      ...(terms.length === 0 ? {} : { keyterm: terms }),
    }),
    model,
    encoding: "linear16",
    sample_rate: sampleRate,
    reconnectAttempts: 0,
    shouldReconnect: () => false,
    ...(parameters && { queryParams: { ...parameters } }),
  };
}
