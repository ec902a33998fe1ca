import type { GenerateContentParameters } from "@google/genai";
import type { SpeechPart, TtsCapabilities, TtsOptions, TtsProvider } from "@roomkit/core";
import { abortable, eager, linkedAbort, OpenCalls, PcmFramer } from "@roomkit/provider-utils";
import { NAME } from "../connection/name.ts";
import { GeminiRequests } from "../connection/requests.ts";
import { clean } from "../text/clean.ts";
import { audioOf, SAMPLE_RATE } from "./audio.ts";
import { checkTtsOptions, type GeminiTtsOptions } from "./options.ts";
import { portions } from "./portions.ts";

/** A piece of text whose audio is on its way. */
interface Piece {
  readonly text: string;
  readonly audio: AsyncIterable<Uint8Array>;
}

/**
 * Gemini's voices. Each piece of text is a request of its own; the next is asked for while one is being spoken. The SDK is
 * loaded with the first, or by `warmUp`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function geminiTts(options: GeminiTtsOptions = {}): TtsProvider {
  checkTtsOptions(options);
  return new GeminiTts(options);
}

class GeminiTts implements TtsProvider {
  readonly name: string = NAME;
  readonly capabilities: TtsCapabilities = { streamingInput: true, wordTimings: false, sampleRate: SAMPLE_RATE };
  readonly #options: GeminiTtsOptions;
  readonly #requests: GeminiRequests;
  readonly #calls = new OpenCalls(NAME);

  constructor(options: GeminiTtsOptions) {
    const { apiKey: _key, ...rest } = options;
    this.#options = rest;
    this.#requests = new GeminiRequests(options);
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
    for (const part of parts) {
      const parameters = this.#parameters(part, options);
      yield* this.#requests.retried(() => audioOf(this.#requests.stream(parameters, signal)), signal);
    }
  }

  #parameters(text: string, { voice, language }: TtsOptions): GenerateContentParameters {
    const { model = "gemini-2.5-flash-preview-tts", voice: usual = "Kore", instructions } = this.#options;
    return {
      model,
      // These models take no system instruction: the manner stands before the text.
      contents: [
        { role: "user", parts: [{ text: instructions === undefined ? text : `${clean(instructions)}:\n${text}` }] },
      ],
      config: {
        responseModalities: ["AUDIO"],
        speechConfig: {
          voiceConfig: { prebuiltVoiceConfig: { voiceName: voice ?? usual } },
          ...(language === undefined ? {} : { languageCode: language }),
        },
      },
    };
  }
}
