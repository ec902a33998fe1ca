import type { DeepgramClient } from "@deepgram/sdk";
import {
  type AudioFrame,
  abortable,
  assertOptions,
  type SttCapabilities,
  type SttOptions,
  type SttProvider,
  type TranscriptPart,
} from "@roomkit/core";
import {
  fernError,
  incomplete,
  loggedRetry,
  OpenCalls,
  retryKinds,
  wavSegments,
  withRetry,
  withStreamTimeouts,
  witnessedFetch,
} from "@roomkit/provider-utils";
import { checkConnectionOptions, type DeepgramConnectionOptions, NAME, refuse } from "../connection/options.ts";
import { DeepgramSdk } from "../connection/sdk.ts";
import { checkTextOptions, type DeepgramTextOptions } from "../nova/options.ts";
import { pieceOf } from "../nova/piece.ts";
import { textQuery } from "../nova/query.ts";

export interface DeepgramBatchOptions extends DeepgramConnectionOptions, DeepgramTextOptions {
  /** Has the model find out which language is spoken, where none is named. Default false. */
  readonly detectLanguage?: boolean | undefined;
  /** Replaces the platform's fetch: a proxy, or longer-lived connections. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Longest wait for the transcript, ms. 0: no limit. Default 30,000. */
  readonly firstByteMs?: number | undefined;
  /** Audio that is transcribed at once, ms; longer speech comes in several finals. 1,000 to 3,600,000. Default 300,000. */
  readonly maxSegmentMs?: number | undefined;
}

type Request = Parameters<DeepgramClient["listen"]["v1"]["media"]["transcribeFile"]>[1];

/**
 * Deepgram's transcription of whole recordings: for use behind a VAD, or for files. The SDK is loaded with the first call, or
 * by `warmUp`.
 *
 * A call throws ProviderError (every kind) and RoomKitError `aborted`, `closed`, `unsupported_format`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function deepgramBatch(options: DeepgramBatchOptions = {}): SttProvider {
  assertOptions("deepgramBatch", options, {
    string: ["apiKey", "baseURL", "model", "language", "version", "redact"],
    number: ["firstByteMs", "maxSegmentMs"],
    boolean: ["detectLanguage", "punctuate", "smartFormat", "numerals", "dictation", "profanityFilter", "mipOptOut"],
    function: ["fetch"],
    object: ["apiKey", "headers", "parameters", "clock", "logger", "replace", "extra"],
    strings: ["keyterms", "redact", "tags"],
    members: { retry: retryKinds },
  });
  checkConnectionOptions(options);
  checkTextOptions(options);
  const { firstByteMs = 0, maxSegmentMs = 300_000 } = options;
  if (!(firstByteMs >= 0)) refuse("firstByteMs must be >= 0");
  if (!(maxSegmentMs >= 1_000 && maxSegmentMs <= 3_600_000)) refuse("maxSegmentMs must be 1,000 to 3,600,000");
  return new DeepgramBatch(options);
}

class DeepgramBatch implements SttProvider {
  readonly name: string = `${NAME}-batch`;
  readonly capabilities: SttCapabilities = { streaming: false, turnDetection: false, wordTimings: true };
  readonly #options: DeepgramBatchOptions;
  readonly #sdk: DeepgramSdk;
  readonly #calls = new OpenCalls(NAME);

  constructor(options: DeepgramBatchOptions) {
    const { apiKey: _key, ...rest } = options;
    this.#options = rest;
    this.#sdk = new DeepgramSdk(options);
  }

  transcribe(audio: AsyncIterable<AudioFrame>, options: SttOptions): AsyncIterable<TranscriptPart> {
    return this.#calls.stream(options.signal, (signal) => abortable(this.#transcript(audio, options, signal), signal));
  }

  async warmUp(): Promise<void> {
    await this.#sdk.load();
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  async *#transcript(
    audio: AsyncIterable<AudioFrame>,
    options: SttOptions,
    signal: AbortSignal,
  ): AsyncGenerator<TranscriptPart, void, undefined> {
    const { maxSegmentMs = 300_000 } = this.#options;
    for await (const { wav, startMs } of wavSegments(audio, { maxMs: maxSegmentMs, signal })) {
      yield* this.#finals(wav, startMs, options, signal);
    }
  }

  #finals(
    file: Uint8Array,
    beforeMs: number,
    options: SttOptions,
    signal: AbortSignal,
  ): AsyncGenerator<TranscriptPart, void, undefined> {
    const retries = loggedRetry(this.#options, { provider: NAME, signal, what: "a transcription" });
    return withRetry(() => this.#attempt(file, beforeMs, options, signal), retries);
  }

  async *#attempt(
    file: Uint8Array,
    beforeMs: number,
    options: SttOptions,
    signal: AbortSignal,
  ): AsyncGenerator<TranscriptPart, void, undefined> {
    const { clock, firstByteMs = 30_000, parameters, detectLanguage } = this.#options;
    const text = textQuery(this.#options, options);
    const request = {
      ...text,
      ...(detectLanguage === undefined || text.language !== undefined ? {} : { detect_language: detectLanguage }),
    } as Request;
    const { fetch, seen } = witnessedFetch(this.#options.fetch);
    const sdk = this.#sdk;
    const answers = withStreamTimeouts(
      async function* (inner) {
        const client = await sdk.client({ fetch });
        yield await client.listen.v1.media.transcribeFile(file, request, {
          abortSignal: inner,
          maxRetries: 0,
          // Ours comes first; the SDK's must not cut off a long one.
          timeoutInSeconds: firstByteMs > 0 ? Math.ceil(firstByteMs / 1000) + 1 : 3_600,
          ...(parameters && { queryParams: { ...parameters } }),
        });
      },
      {
        provider: NAME,
        signal,
        firstByteMs,
        stallMs: 0,
        clock,
        mapError: (error) => fernError(error, { provider: NAME, clock, seen: seen() }),
      },
    );
    for await (const answer of answers) {
      // Empty when the connection ended before the body; of another kind with a callback, which we never ask for.
      const channel = answer && "results" in answer ? answer.results?.channels?.[0] : undefined;
      if (!channel) throw incomplete(NAME);
      const piece = pieceOf(channel.alternatives?.[0]);
      if (!piece) return;
      const language = channel.detected_language ?? piece.language;
      yield {
        type: "final",
        text: piece.text,
        confidence: piece.confidence,
        language,
        words: piece.words.map(({ text: word, startMs, endMs }) => ({
          text: word,
          startMs: Math.round(startMs + beforeMs),
          endMs: Math.round(endMs + beforeMs),
        })),
      };
      return;
    }
    throw incomplete(NAME);
  }
}
