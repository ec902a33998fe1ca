import {
  abortable,
  assertOptions,
  defined,
  type SpeechPart,
  type TtsCapabilities,
  type TtsOptions,
  type TtsProvider,
} from "@roomkit/core";
import { incomplete, OpenCalls, retryKinds, speakByPieces } from "@roomkit/provider-utils";
import type { SpeechCreateParams } from "openai/resources/audio/speech";
import { NAME } from "../connection/connection.ts";
import { type OpenAIRequests, openaiRequests } from "../connection/requests.ts";
import { checkTtsOptions, type OpenAITtsOptions } from "./options.ts";
import { portions } from "./pieces.ts";

/** What the API speaks `pcm` at, in Hz. */
const SAMPLE_RATE = 24_000;

/**
 * OpenAI's voices. Each piece of text is a request of its own; the next is asked for while one is being spoken.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function openaiTts(options: OpenAITtsOptions = {}): TtsProvider {
  assertOptions("openaiTts", options, {
    string: ["model", "voice", "instructions", "apiKey", "baseURL", "organization", "project"],
    number: ["firstByteMs", "stallMs"],
    function: ["fetch"],
    object: ["apiKey", "headers", "clock", "logger"],
    members: { retry: retryKinds },
  });
  checkTtsOptions(options);
  return new OpenAITts(options);
}

class OpenAITts implements TtsProvider {
  readonly name: string = NAME;
  readonly capabilities: TtsCapabilities = { streamingInput: true, wordTimings: false, sampleRate: SAMPLE_RATE };
  readonly #options: OpenAITtsOptions;
  readonly #requests: OpenAIRequests;
  readonly #calls = new OpenCalls(NAME);

  constructor(options: OpenAITtsOptions) {
    const { apiKey: _key, ...rest } = options;
    this.#options = rest;
    this.#requests = openaiRequests(options);
  }

  synthesize(text: AsyncIterable<string>, options: TtsOptions): AsyncIterable<SpeechPart> {
    return this.#calls.stream(options.signal, (signal) => abortable(this.#speech(text, options, signal), signal));
  }

  async warmUp(): Promise<void> {
    await this.#requests.warmUp();
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  #speech(text: AsyncIterable<string>, options: TtsOptions, signal: AbortSignal): AsyncIterable<SpeechPart> {
    const voice = {
      sampleRate: SAMPLE_RATE,
      portions,
      request: (portion: string, inner: AbortSignal) =>
        this.#requests.retried(() => this.#attempt(this.#body(portion, options), inner), inner),
    };
    return speakByPieces(text, voice, signal);
  }

  async *#attempt(body: SpeechCreateParams, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    let empty = true;
    const chunks = this.#requests.stream(async (client, inner) => {
      const { body: bytes } = await client.audio.speech.create(body, { signal: inner });
      return bytes as unknown as AsyncIterable<Uint8Array>;
    }, signal);
    for await (const bytes of chunks) {
      if (bytes.length === 0) continue;
      empty = false;
      yield bytes;
    }
    // That audio stops too early cannot be told; that there is none can.
    if (empty) throw incomplete(NAME);
  }

  #body(input: string, { voice, speed }: TtsOptions): SpeechCreateParams {
    const { model = "gpt-4o-mini-tts", voice: usual = "marin", instructions } = this.#options;
    return defined({ model, voice: voice ?? usual, input, response_format: "pcm" as const, instructions, speed });
  }
}
