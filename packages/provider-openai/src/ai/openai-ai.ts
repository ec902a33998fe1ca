import { type AICapabilities, type AIPart, type AIProvider, type AIRequest, assertOptions } from "@roomkit/core";
import { answer, OpenCalls, readAnswer, retryKinds } from "@roomkit/provider-utils";
import { NAME } from "../connection/connection.ts";
import { type OpenAIRequests, openaiRequests } from "../connection/requests.ts";
import { checkAIOptions, type OpenAIAIOptions, thinks } from "./options.ts";
import { ResponseReader } from "./reader.ts";
import { bodyOf } from "./request.ts";

/**
 * OpenAI's models through the Responses API. The SDK is loaded with the first call, or by `warmUp`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function openaiAI(options: OpenAIAIOptions): AIProvider {
  assertOptions("openaiAI", options, {
    required: ["model"],
    string: ["model", "apiKey", "baseURL", "organization", "project"],
    oneOf: {
      reasoningEffort: ["none", "minimal", "low", "medium", "high", "xhigh"],
      reasoningSummary: ["auto", "concise", "detailed"],
      serviceTier: ["auto", "default", "flex", "priority"],
    },
    number: ["maxOutputTokens", "firstByteMs", "stallMs"],
    boolean: ["store"],
    function: ["fetch"],
    object: ["apiKey", "headers", "clock", "logger"],
    members: { retry: retryKinds },
  });
  checkAIOptions(options);
  return new OpenAIAI(options);
}

class OpenAIAI implements AIProvider {
  readonly name: string = NAME;
  readonly capabilities: AICapabilities = { tools: true };
  readonly #options: OpenAIAIOptions;
  readonly #requests: OpenAIRequests;
  readonly #calls = new OpenCalls(NAME);

  constructor(options: OpenAIAIOptions) {
    const { apiKey: _key, ...rest } = options;
    this.#options = rest;
    this.#requests = openaiRequests(options, thinks(options) ? 60_000 : 10_000);
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

  #attempt(request: AIRequest, signal: AbortSignal): AsyncIterable<AIPart> {
    const body = bodyOf(request, this.#options);
    const reader = new ResponseReader();
    const events = this.#requests.stream((client, inner) => client.responses.create(body, { signal: inner }), signal);
    return readAnswer(events, (event) => reader.read(event), NAME);
  }
}
