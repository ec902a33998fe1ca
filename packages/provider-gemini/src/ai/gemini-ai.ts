import type { GoogleGenAI } from "@google/genai";
import {
  type AICapabilities,
  type AIPart,
  type AIProvider,
  type AIRequest,
  consoleLogger,
  RoomKitError,
} from "@roomkit/core";
import { answer, incomplete, OpenCalls, type Secret, withRetry, withStreamTimeouts } from "@roomkit/provider-utils";
import { keyOf, NAME } from "../connection/name.ts";
import { geminiError, refusedUnread } from "./errors.ts";
import { checkAIOptions, type GeminiAIOptions } from "./options.ts";
import { ChunkReader } from "./reader.ts";
import { parametersOf } from "./request.ts";

/**
 * Gemini's models through `streamGenerateContent`. The SDK is loaded with the first call, or by `warmUp`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function geminiAI(options: GeminiAIOptions): AIProvider {
  checkAIOptions(options);
  return new GeminiAI(options);
}

class GeminiAI implements AIProvider {
  readonly name: string = NAME;
  readonly capabilities: AICapabilities = { tools: true };
  readonly #options: GeminiAIOptions;
  readonly #key: Secret;
  readonly #calls = new OpenCalls(NAME);
  #client: Promise<GoogleGenAI> | undefined;

  constructor({ apiKey, ...options }: GeminiAIOptions) {
    this.#options = options;
    this.#key = keyOf(apiKey);
  }

  generate(request: AIRequest, { signal }: { readonly signal: AbortSignal }): AsyncIterable<AIPart> {
    return answer(this.#attempts(request, signal), { provider: NAME, signal });
  }

  async warmUp(): Promise<void> {
    await this.#load();
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  async *#attempts(request: AIRequest, signal: AbortSignal): AsyncGenerator<AIPart, void, undefined> {
    const { clock, logger = consoleLogger, retry } = this.#options;
    const call = this.#calls.begin(signal);
    try {
      yield* withRetry(() => this.#attempt(request, call.signal), {
        ...retry,
        signal: call.signal,
        clock,
        onRetry: ({ attempt, waitMs, error }) =>
          logger.warn({ provider: NAME, attempt, waitMs, code: error.code }, "a request is tried again"),
      });
    } finally {
      call.end();
    }
  }

  async *#attempt(request: AIRequest, signal: AbortSignal): AsyncGenerator<AIPart, void, undefined> {
    const { clock, firstByteMs = 20_000, stallMs = 20_000 } = this.#options;
    const parameters = parametersOf(request, this.#options);
    const reader = new ChunkReader();
    const chunks = withStreamTimeouts(
      async (inner) => {
        const client = await this.#load();
        // Only the signal ends the SDK's stream: leaving the loop does not.
        return client.models
          .generateContentStream({ ...parameters, config: { ...parameters.config, abortSignal: inner } })
          .catch((error: unknown) => {
            throw refusedUnread(error);
          });
      },
      { provider: NAME, signal, firstByteMs, stallMs, clock, mapError: (error) => geminiError(error, clock) },
    );
    for await (const chunk of chunks) {
      for (const part of reader.read(chunk)) {
        yield part;
        if (part.type === "finish") return;
      }
    }
    // The SDK ends its stream without a word when the connection does.
    throw incomplete(NAME);
  }

  #load(): Promise<GoogleGenAI> {
    this.#client ??= this.#import().catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  async #import(): Promise<GoogleGenAI> {
    const { baseURL, headers } = this.#options;
    const sdk = await import("@google/genai").catch((error: unknown) => {
      const message = "install the SDK beside this package: @google/genai@2 (or 3, from Node 22 on)";
      throw new RoomKitError("missing_dependency", message, { cause: error });
    });
    return new sdk.GoogleGenAI({
      apiKey: this.#key.reveal(),
      // Not what the environment says: that is for Vertex AI.
      vertexai: false,
      httpOptions: {
        ...(baseURL === undefined ? {} : { baseUrl: baseURL }),
        ...(headers === undefined ? {} : { headers: { ...headers } }),
      },
    });
  }
}
