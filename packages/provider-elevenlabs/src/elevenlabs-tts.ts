import {
  abortable,
  assertOptions,
  type SpeechPart,
  systemClock,
  type TtsCapabilities,
  type TtsOptions,
  type TtsProvider,
} from "@roomkit/core";
import {
  connectionKinds,
  linkedAbort,
  loggedRetry,
  OpenCalls,
  resolveKey,
  retryKinds,
  type Secret,
  withRetry,
} from "@roomkit/provider-utils";
import { SpeechRequests } from "./http/requests.ts";
import { speakByRequests } from "./http/speak-http.ts";
import { checkOptions, type ElevenLabsSettings, type ElevenLabsTtsOptions, NAME } from "./options.ts";
import type { SpeechChannel } from "./speech/channel.ts";
import { type Manner, mannerOf } from "./speech/manner.ts";
import { Pieces } from "./speech/pieces.ts";
import { speak } from "./speech/speak.ts";
import { Endpoint } from "./websocket/endpoint.ts";
import { SharedSockets } from "./websocket/shared-sockets.ts";
import { SingleChannel } from "./websocket/single-channel.ts";

/**
 * ElevenLabs' voices. Text goes to the vendor as it comes, audio and the times of its words come back, over a WebSocket for each
 * utterance or, with `multi`, one for all of them.
 *
 * A call throws ProviderError (every kind) and RoomKitError `aborted`, `closed`, `unknown_voice`, `missing_dependency`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function elevenlabsTts(options: ElevenLabsTtsOptions): TtsProvider {
  assertOptions("elevenlabsTts", options, {
    required: ["voice"],
    string: ["voice", "apiKey", "model", "language", "baseURL"],
    oneOf: { textNormalization: ["auto", "on", "off"], transport: ["websocket", "http"] },
    number: ["sampleRate", "idleMs", "firstByteMs", "stallMs"],
    boolean: ["enableLogging", "multi", "autoMode"],
    function: ["fetch"],
    object: ["apiKey", "headers", "clock", "logger"],
    objects: ["pronunciationDictionaries"],
    members: {
      voiceSettings: {
        within: { stability: [0, 1], similarityBoost: [0, 1], style: [0, 1] },
        boolean: ["useSpeakerBoost"],
      },
      socket: { number: ["pingIntervalMs", "pongTimeoutMs"], members: { connection: connectionKinds } },
      retry: retryKinds,
    },
  });
  checkOptions(options);
  const { apiKey, ...settings } = options;
  return new ElevenLabsTts(settings, resolveKey({ provider: NAME, option: apiKey, env: "ELEVENLABS_API_KEY" }));
}

class ElevenLabsTts implements TtsProvider {
  readonly name: string = NAME;
  readonly capabilities: TtsCapabilities;
  readonly #settings: ElevenLabsSettings;
  readonly #sampleRate: number;
  readonly #calls = new OpenCalls(NAME);
  readonly #requests: SpeechRequests | undefined;
  readonly #endpoint: Endpoint;
  readonly #shared: SharedSockets | undefined;

  constructor(settings: ElevenLabsSettings, key: Secret) {
    const { transport = "websocket", multi = false, sampleRate = 24_000 } = settings;
    this.#settings = settings;
    this.#sampleRate = sampleRate;
    this.#endpoint = new Endpoint(settings, key);
    this.#requests = transport === "http" ? new SpeechRequests(settings, key) : undefined;
    this.#shared = multi ? new SharedSockets(this.#endpoint) : undefined;
    this.capabilities = { streamingInput: true, wordTimings: transport === "websocket", sampleRate };
  }

  synthesize(text: AsyncIterable<string>, { signal, ...call }: TtsOptions): AsyncIterable<SpeechPart> {
    return this.#calls.stream(signal, (inner) =>
      abortable(this.#speech(text, mannerOf(this.#settings, call), inner), inner),
    );
  }

  /** Loads the SDK (`http`), or connects (`multi`). */
  async warmUp(signal?: AbortSignal): Promise<void> {
    await this.#requests?.load();
    await this.#shared?.warmUp(mannerOf(this.#settings, {}), signal);
  }

  async close(): Promise<void> {
    this.#calls.close();
    this.#shared?.close();
  }

  async *#speech(
    text: AsyncIterable<string>,
    manner: Manner,
    signal: AbortSignal,
  ): AsyncGenerator<SpeechPart, void, undefined> {
    const own = linkedAbort(signal);
    const source = abortable(text, own.signal);
    const pieces = new Pieces(source);
    const requests = this.#requests;
    try {
      if (requests) {
        yield* speakByRequests(
          pieces,
          (piece, before, inner) => this.#retried(() => requests.bytes(piece, before, manner, inner), inner),
          { sampleRate: this.#sampleRate, signal },
        );
      } else {
        yield* this.#retried(() => this.#utterance(pieces, manner, signal), signal);
      }
    } finally {
      own.abort();
      own.unlink();
      void source.return();
    }
  }

  async *#utterance(pieces: Pieces, manner: Manner, signal: AbortSignal): AsyncGenerator<SpeechPart, void, undefined> {
    const { stallMs = 10_000, clock = systemClock } = this.#settings;
    const open = (inner: AbortSignal): Promise<SpeechChannel> =>
      this.#shared?.acquire(manner, inner) ?? SingleChannel.open(this.#endpoint, manner, inner);
    for await (const part of speak(open, pieces, { sampleRate: this.#sampleRate, stallMs, clock, signal })) {
      // What was given out is not said again.
      pieces.commit();
      yield part;
    }
  }

  #retried<T>(attempt: () => AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    return withRetry(attempt, loggedRetry(this.#settings, { provider: NAME, signal, what: "speech" }));
  }
}
