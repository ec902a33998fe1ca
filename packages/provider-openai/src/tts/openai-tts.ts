import type { SpeechPart, TtsCapabilities, TtsOptions, TtsProvider } from "@roomkit/core";
import { abortable, eager, incomplete, linkedAbort, OpenCalls, PcmFramer } from "@roomkit/provider-utils";
import type { SpeechCreateParams } from "openai/resources/audio/speech";
import { NAME } from "../connection/connection.ts";
import { OpenAIRequests } from "../connection/requests.ts";
import { checkTtsOptions, type OpenAITtsOptions } from "./options.ts";
import { portions } from "./pieces.ts";

/** What the API speaks `pcm` at, in Hz. */
const SAMPLE_RATE = 24_000;

/** A piece of text whose audio is on its way. */
interface Piece {
  readonly text: string;
  readonly audio: AsyncIterable<Uint8Array>;
}

/**
 * OpenAI's voices. Each piece of text is a request of its own; the next is asked for while one is being spoken.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function openaiTts(options: OpenAITtsOptions = {}): TtsProvider {
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
    this.#requests = new OpenAIRequests(options);
  }

  async *synthesize(text: AsyncIterable<string>, options: TtsOptions): AsyncGenerator<SpeechPart, void, undefined> {
    const call = this.#calls.begin(options.signal);
    try {
      yield* abortable(this.#speech(text, options, call.signal), call.signal);
    } finally {
      call.end();
    }
  }

  async warmUp(): Promise<void> {
    await this.#requests.warmUp();
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  async *#speech(
    text: AsyncIterable<string>,
    options: TtsOptions,
    signal: AbortSignal,
  ): AsyncGenerator<SpeechPart, void, undefined> {
    const own = linkedAbort(signal);
    const pieces = this.#pieces(text, options, own.signal);
    const framer = new PcmFramer({ sampleRate: SAMPLE_RATE, channels: 1 });
    try {
      let following = pieces.next();
      for (;;) {
        const { value: piece, done } = await following;
        if (done) return;
        following = pieces.next();
        following.catch(() => {});
        yield { type: "segment", text: piece.text };
        for await (const bytes of piece.audio) {
          for (const frame of framer.push(bytes)) yield { type: "audio", frame };
        }
        const last = framer.flush();
        if (last) yield { type: "audio", frame: last };
      }
    } finally {
      // Ends the request for the next piece as well, and lets go of the text.
      own.abort();
      own.unlink();
      void pieces.return();
    }
  }

  async *#pieces(
    source: AsyncIterable<string>,
    options: TtsOptions,
    signal: AbortSignal,
  ): AsyncGenerator<Piece, void, undefined> {
    for await (const text of abortable(source, signal)) {
      const parts = portions(text);
      if (parts.length > 0) yield { text, audio: eager(this.#spoken(parts, options, signal)) };
    }
  }

  async *#spoken(
    parts: readonly string[],
    options: TtsOptions,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    for (const input of parts) {
      yield* this.#requests.retried(() => this.#attempt(this.#body(input, options), signal), signal);
    }
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
    return {
      model,
      voice: voice ?? usual,
      input,
      response_format: "pcm",
      ...(instructions === undefined ? {} : { instructions }),
      ...(speed === undefined ? {} : { speed }),
    };
  }
}
