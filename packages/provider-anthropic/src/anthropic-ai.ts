import type { Anthropic } from "@anthropic-ai/sdk";
import type { AICapabilities, AIPart, AIProvider, AIRequest, RoomKitError } from "@roomkit/core";
import {
  answer,
  incomplete,
  loggedRetry,
  OpenCalls,
  resolveKey,
  type Secret,
  sdkError,
  type VendorError,
  withRetry,
  withStreamTimeouts,
} from "@roomkit/provider-utils";
import { type AnthropicAIOptions, checkOptions } from "./options.ts";
import { MessageReader } from "./reader.ts";
import { bodyOf } from "./request.ts";

const NAME = "anthropic";

/**
 * Claude as the model of a conversation. The SDK is loaded with the first call, or by `warmUp`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function anthropicAI(options: AnthropicAIOptions): AIProvider {
  checkOptions(options);
  return new AnthropicAI(options, resolveKey({ provider: NAME, option: options.apiKey, env: "ANTHROPIC_API_KEY" }));
}

class AnthropicAI implements AIProvider {
  readonly name: string = NAME;
  readonly capabilities: AICapabilities = { tools: true };
  readonly #options: AnthropicAIOptions;
  readonly #key: Secret;
  readonly #calls = new OpenCalls(NAME);
  #client: Promise<Anthropic> | undefined;

  constructor(options: AnthropicAIOptions, key: Secret) {
    const { apiKey: _key, ...rest } = options;
    this.#options = rest;
    this.#key = key;
  }

  generate(request: AIRequest, { signal }: { readonly signal: AbortSignal }): AsyncIterable<AIPart> {
    const parts = this.#calls.stream(signal, (inner) => this.#attempts(request, inner));
    return answer(parts, { provider: NAME, signal });
  }

  async warmUp(): Promise<void> {
    await this.#load();
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  #attempts(request: AIRequest, signal: AbortSignal): AsyncIterable<AIPart> {
    const retries = loggedRetry(this.#options, { provider: NAME, signal, what: "a request to the model" });
    return withRetry(() => this.#attempt(request, signal), retries);
  }

  async *#attempt(request: AIRequest, signal: AbortSignal): AsyncGenerator<AIPart, void, undefined> {
    const {
      clock,
      thinking,
      firstByteMs = 10_000,
      stallMs = thinking && thinking.type !== "disabled" ? 60_000 : 15_000,
    } = this.#options;
    const body = bodyOf(request, this.#options);
    const reader = new MessageReader();
    const events = withStreamTimeouts(
      async (inner) => (await this.#load()).messages.create(body, { signal: inner, maxRetries: 0 }),
      { provider: NAME, signal, firstByteMs, stallMs, clock, mapError: (error) => this.#errorOf(error) },
    );
    for await (const event of events) {
      const part = reader.read(event);
      if (part) yield part;
      if (part?.type === "finish") return;
    }
    // The SDK ends its stream without a word when the connection does.
    throw incomplete(NAME);
  }

  #errorOf(error: unknown): RoomKitError {
    return sdkError(error, { provider: NAME, clock: this.#options.clock, classify });
  }

  #load(): Promise<Anthropic> {
    const { baseURL, headers, fetch } = this.#options;
    this.#client ??= import("@anthropic-ai/sdk").then(
      ({ Anthropic }) =>
        new Anthropic({
          apiKey: this.#key.reveal(),
          ...(baseURL === undefined ? {} : { baseURL }),
          ...(headers === undefined ? {} : { defaultHeaders: { ...headers } }),
          ...(fetch === undefined ? {} : { fetch }),
          maxRetries: 0,
          // It logs pieces of answers when it cannot parse them.
          logLevel: "off",
        }),
    );
    return this.#client;
  }
}

/** Spent credit comes as an ordinary 400. */
function classify(status: number, { message = "" }: VendorError): "quota" | undefined {
  return status === 400 && /credit balance/i.test(message) ? "quota" : undefined;
}
