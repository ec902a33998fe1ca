import type { GenerateContentParameters } from "@google/genai";
import {
  abortable,
  assertOptions,
  defined,
  type SpeechPart,
  type TtsCapabilities,
  type TtsOptions,
  type TtsProvider,
} from "@roomkit/core";
import { OpenCalls, retryKinds, speakByPieces } from "@roomkit/provider-utils";
import { NAME } from "../connection/name.ts";
import { contentChunks, type GeminiRequests, geminiRequests } from "../connection/requests.ts";
import { clean } from "../text/clean.ts";
import { audioOf, SAMPLE_RATE } from "./audio.ts";
import { checkTtsOptions, type GeminiTtsOptions } from "./options.ts";
import { portions } from "./portions.ts";

/**
 * Gemini's voices. Each piece of text is a request of its own; the next is asked for while one is being spoken. The SDK is
 * loaded with the first, or by `warmUp`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function geminiTts(options: GeminiTtsOptions = {}): TtsProvider {
  assertOptions("geminiTts", options, {
    string: ["model", "voice", "instructions", "apiKey", "baseURL"],
    number: ["firstByteMs", "stallMs"],
    object: ["apiKey", "headers", "clock", "logger"],
    members: { retry: retryKinds },
  });
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
    this.#requests = geminiRequests(options);
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
      request: (portion: string, inner: AbortSignal) => {
        const parameters = this.#parameters(portion, options);
        return this.#requests.retried(() => audioOf(contentChunks(this.#requests, parameters, inner)), inner);
      },
    };
    return speakByPieces(text, voice, signal);
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
        speechConfig: defined({
          voiceConfig: { prebuiltVoiceConfig: { voiceName: voice ?? usual } },
          languageCode: language,
        }),
      },
    };
  }
}
