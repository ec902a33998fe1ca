import { type AICapabilities, type AIPart, type AIProvider, type AIRequest, assertOptions } from "@roomkit/core";
import { answer, incomplete, OpenCalls, retryKinds } from "@roomkit/provider-utils";
import { NAME } from "../connection/name.ts";
import { contentChunks, type GeminiRequests, geminiRequests } from "../connection/requests.ts";
import { checkAIOptions, type GeminiAIOptions } from "./options.ts";
import { ChunkReader } from "./reader.ts";
import { parametersOf } from "./request.ts";

/**
 * Gemini's models through `streamGenerateContent`. The SDK is loaded with the first call, or by `warmUp`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function geminiAI(options: GeminiAIOptions): AIProvider {
  assertOptions("geminiAI", options, {
    required: ["model"],
    string: ["model", "apiKey", "baseURL"],
    number: ["maxOutputTokens", "thinkingBudget", "firstByteMs", "stallMs"],
    object: ["apiKey", "headers", "clock", "logger"],
    members: { retry: retryKinds },
  });
  checkAIOptions(options);
  return new GeminiAI(options);
}

class GeminiAI implements AIProvider {
  readonly name: string = NAME;
  readonly capabilities: AICapabilities = { tools: true };
  readonly #options: GeminiAIOptions;
  readonly #requests: GeminiRequests;
  readonly #calls = new OpenCalls(NAME);

  constructor(options: GeminiAIOptions) {
    const { apiKey: _key, ...rest } = options;
    this.#options = rest;
    this.#requests = geminiRequests(options);
  }

  generate(request: AIRequest, { signal }: { readonly signal: AbortSignal }): AsyncIterable<AIPart> {
    const parts = this.#calls.stream(signal, (inner) =>
      this.#requests.retried(() => this.#attempt(request, inner), inner),
    );
    return answer(parts, { provider: NAME, signal });
  }

  async warmUp(): Promise<void> {
    await this.#requests.warmUp();
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  async *#attempt(request: AIRequest, signal: AbortSignal): AsyncGenerator<AIPart, void, undefined> {
    const reader = new ChunkReader();
    for await (const chunk of contentChunks(this.#requests, parametersOf(request, this.#options), signal)) {
      for (const part of reader.read(chunk)) {
        yield part;
        if (part.type === "finish") return;
      }
    }
    // The SDK ends its stream without a word when the connection does.
    throw incomplete(NAME);
  }
}
