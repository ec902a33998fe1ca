import type { DeepgramClient } from "@deepgram/sdk";
import {
  type AudioFrame,
  assertOptions,
  type SttCapabilities,
  type SttOptions,
  type SttProvider,
  type TranscriptPart,
} from "@roomkit/core";
import { OpenCalls, retryKinds } from "@roomkit/provider-utils";
import { checkLiveOptions, NAME, socketKinds } from "../connection/options.ts";
import { DeepgramSdk } from "../connection/sdk.ts";
import { type LiveProtocol, listenLive } from "../live/listen-live.ts";
import { checkSttOptions, type DeepgramSttOptions } from "./options.ts";
import { liveQuery } from "./query.ts";
import { ResultsReader } from "./results-reader.ts";

type Socket = Awaited<ReturnType<DeepgramClient["listen"]["v1"]["connect"]>>;

/**
 * Deepgram's Nova models, live. Each call is a connection of its own, made when its first frame comes. The SDK is loaded with
 * the first call, or by `warmUp`.
 *
 * A call throws ProviderError (every kind) and RoomKitError `aborted`, `closed`, `unsupported_format`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function deepgramStt(options: DeepgramSttOptions = {}): SttProvider {
  assertOptions("deepgramStt", options, {
    string: ["apiKey", "baseURL", "model", "language", "version", "redact"],
    number: ["endpointingMs", "utteranceEndMs", "connectTimeoutMs", "stallMs"],
    oneOf: { endpointingMs: [false], utteranceEndMs: [false] },
    boolean: ["interimResults", "punctuate", "smartFormat", "numerals", "dictation", "profanityFilter", "mipOptOut"],
    object: ["apiKey", "headers", "parameters", "clock", "logger", "replace", "extra"],
    strings: ["keyterms", "redact", "tags"],
    members: { socket: socketKinds, retry: retryKinds },
  });
  checkLiveOptions(options);
  checkSttOptions(options);
  return new DeepgramStt(options);
}

class DeepgramStt implements SttProvider {
  readonly name: string = NAME;
  // Without interim results too: partials then hold what is settled, until the speech ends.
  readonly capabilities: SttCapabilities = { streaming: true, turnDetection: false, wordTimings: true };
  readonly #options: DeepgramSttOptions;
  readonly #sdk: DeepgramSdk;
  readonly #calls = new OpenCalls(NAME);

  constructor(options: DeepgramSttOptions) {
    const { apiKey: _key, ...rest } = options;
    this.#options = rest;
    this.#sdk = new DeepgramSdk(options);
  }

  transcribe(audio: AsyncIterable<AudioFrame>, { signal, ...call }: SttOptions): AsyncIterable<TranscriptPart> {
    const protocol: LiveProtocol<Socket> = {
      create: (client, format) => client.listen.v1.connect(liveQuery(this.#options, call, format)),
      reader: new ResultsReader(),
      keepAlive: (sdk) => sdk.sendKeepAlive({ type: "KeepAlive" }),
      finish: (sdk) => {
        // The answer to the first is all that is waited for; the second ends the connection.
        sdk.sendFinalize({ type: "Finalize" });
        sdk.sendCloseStream({ type: "CloseStream" });
      },
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
