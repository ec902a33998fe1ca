import type { GenerateContentParameters, GenerateContentResponse, GoogleGenAI } from "@google/genai";
import { RoomKitError } from "@roomkit/core";
import { loggedRetry, type Secret, withRetry, withStreamTimeouts } from "@roomkit/provider-utils";
import { geminiError, refusedUnread } from "./errors.ts";
import { keyOf, NAME } from "./name.ts";
import { checkConnectionOptions, type GeminiConnectionOptions } from "./options.ts";

/** Requests through the SDK, with their retries, time limits and errors. The SDK is loaded with the first, or by `warmUp`. */
export class GeminiRequests {
  readonly #options: GeminiConnectionOptions;
  readonly #key: Secret;
  #client: Promise<GoogleGenAI> | undefined;

  /** @throws RoomKitError `missing_key`, `invalid_option`. */
  constructor({ apiKey, ...options }: GeminiConnectionOptions) {
    checkConnectionOptions(options);
    this.#options = options;
    this.#key = keyOf(apiKey);
  }

  async warmUp(): Promise<void> {
    await this.#load();
  }

  /** What `attempt` makes of a stream, tried again while it has given out nothing. */
  retried<T>(attempt: () => AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    return withRetry(attempt, loggedRetry(this.#options, { provider: NAME, signal, what: "a request" }));
  }

  /** The chunks of one answer, within the time limits. That it ends does not mean that it is complete. */
  stream(
    parameters: GenerateContentParameters,
    signal: AbortSignal,
  ): AsyncGenerator<GenerateContentResponse, void, undefined> {
    const { clock, firstByteMs = 20_000, stallMs = 20_000 } = this.#options;
    return withStreamTimeouts(
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
