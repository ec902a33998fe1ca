import {
  type AudioFrame,
  abortable,
  assertOptions,
  type SttCapabilities,
  type SttOptions,
  type SttProvider,
  type TranscriptPart,
} from "@roomkit/core";
import { incomplete, OpenCalls, retryKinds, wavSegments } from "@roomkit/provider-utils";
import type { OpenAI } from "openai";
import type {
  TranscriptionCreateParamsNonStreaming,
  TranscriptionStreamEvent,
} from "openai/resources/audio/transcriptions";
import { NAME } from "../connection/connection.ts";
import { type OpenAIRequests, openaiRequests } from "../connection/requests.ts";
import { checkSttOptions, type OpenAISttOptions } from "./options.ts";

/** The API refuses less; there is no word in it either. */
const MIN_MS = 100;

/**
 * OpenAI's transcription, of a whole segment at a time: made for use behind a VAD. The SDK is loaded with the first call, or by
 * `warmUp`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function openaiStt(options: OpenAISttOptions = {}): SttProvider {
  assertOptions("openaiStt", options, {
    string: ["model", "language", "prompt", "apiKey", "baseURL", "organization", "project"],
    number: ["maxSegmentMs", "firstByteMs", "stallMs"],
    boolean: ["streamed"],
    function: ["fetch"],
    object: ["apiKey", "headers", "clock", "logger"],
    members: { retry: retryKinds },
  });
  checkSttOptions(options);
  return new OpenAIStt(options);
}

class OpenAIStt implements SttProvider {
  readonly name: string = NAME;
  readonly capabilities: SttCapabilities = { streaming: false, turnDetection: false, wordTimings: false };
  readonly #options: OpenAISttOptions;
  readonly #requests: OpenAIRequests;
  readonly #calls = new OpenCalls(NAME);

  constructor(options: OpenAISttOptions) {
    const { apiKey: _key, ...rest } = options;
    this.#options = rest;
    this.#requests = openaiRequests(options);
  }

  transcribe(audio: AsyncIterable<AudioFrame>, options: SttOptions): AsyncIterable<TranscriptPart> {
    return this.#calls.stream(options.signal, (signal) => abortable(this.#transcript(audio, options, signal), signal));
  }

  async warmUp(): Promise<void> {
    await this.#requests.warmUp();
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  async *#transcript(
    audio: AsyncIterable<AudioFrame>,
    options: SttOptions,
    signal: AbortSignal,
  ): AsyncGenerator<TranscriptPart, void, undefined> {
    const { maxSegmentMs = 60_000 } = this.#options;
    for await (const { wav } of wavSegments(audio, { maxMs: maxSegmentMs, minMs: MIN_MS, signal })) {
      yield* this.#finals(wav, options, signal);
    }
  }

  async *#finals(
    file: Uint8Array,
    options: SttOptions,
    signal: AbortSignal,
  ): AsyncGenerator<TranscriptPart, void, undefined> {
    for await (const text of this.#requests.retried(() => this.#attempt(file, options, signal), signal)) {
      const trimmed = text.trim();
      if (trimmed) yield { type: "final", text: trimmed };
    }
  }

  /** The text of a file, once. */
  async *#attempt(wav: Uint8Array, options: SttOptions, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const body = this.#body(wav, options);
    const { streamed = body.model.startsWith("gpt-") } = this.#options;
    const events = this.#requests.stream((client, inner) => open(client, body, streamed, inner), signal);
    for await (const event of events) {
      if (event.type !== "transcript.text.done") continue;
      yield event.text;
      return;
    }
    throw incomplete(NAME);
  }

  #body(wav: Uint8Array, { language = this.#options.language, keywords = [] }: SttOptions): TranscriptionBody {
    const { model = "gpt-4o-transcribe", prompt } = this.#options;
    const hints = [prompt, keywords.length > 0 ? `${keywords.join(", ")}.` : undefined].filter((hint) => hint);
    return {
      model,
      file: new File([wav as Uint8Array<ArrayBuffer>], "speech.wav", { type: "audio/wav" }),
      response_format: "json",
      // The API takes ISO 639-1, without the region.
      ...(language === undefined ? {} : { language: language.split("-")[0]?.toLowerCase() ?? language }),
      ...(hints.length > 0 ? { prompt: hints.join(" ") } : {}),
    };
  }
}

type TranscriptionBody = Omit<TranscriptionCreateParamsNonStreaming<"json">, "stream">;
type TranscriptionEvent = TranscriptionStreamEvent | { readonly type: "transcript.text.done"; readonly text: string };

/** The events of a transcription; one that is not streamed is a single event. */
async function open(
  client: OpenAI,
  body: TranscriptionBody,
  streamed: boolean,
  signal: AbortSignal,
): Promise<AsyncIterable<TranscriptionEvent>> {
  if (streamed) return client.audio.transcriptions.create({ ...body, stream: true }, { signal });
  const { text } = await client.audio.transcriptions.create({ ...body, stream: false }, { signal });
  return (async function* () {
    yield { type: "transcript.text.done" as const, text };
  })();
}
