import type { Anthropic } from "@anthropic-ai/sdk";
import { type AICapabilities, type AIPart, type AIProvider, type AIRequest, assertOptions } from "@roomkit/core";
import {
  answer,
  OpenCalls,
  readAnswer,
  resolveKey,
  retryKinds,
  SdkRequests,
  type Secret,
  sdkError,
  tellingFetch,
  unversioned,
  type VendorError,
} from "@roomkit/provider-utils";
import { type AnthropicAIOptions, type AnthropicAISettings, checkOptions } from "./options.ts";
import { MessageReader } from "./reader.ts";
import { bodyOf } from "./request.ts";

const NAME = "anthropic";

/**
 * Claude as the model of a conversation. The SDK is loaded with the first call, or by `warmUp`.
 *
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function anthropicAI(options: AnthropicAIOptions): AIProvider {
  assertOptions("anthropicAI", options, {
    required: ["model"],
    string: ["model", "apiKey", "baseURL", "openingText"],
    oneOf: { effort: ["low", "medium", "high", "xhigh", "max"] },
    number: ["maxOutputTokens", "firstByteMs", "stallMs"],
    boolean: ["promptCaching"],
    function: ["fetch"],
    object: ["apiKey", "headers", "clock", "logger"],
    members: {
      thinking: {
        required: ["type"],
        oneOf: { type: ["disabled", "between_tools", "adaptive", "enabled"], display: ["summarized", "omitted"] },
        number: ["budget_tokens"],
      },
      retry: retryKinds,
    },
  });
  checkOptions(options);
  const { apiKey, ...settings } = options;
  return new AnthropicAI(settings, resolveKey({ provider: NAME, option: apiKey, env: "ANTHROPIC_API_KEY" }));
}

class AnthropicAI implements AIProvider {
  readonly name: string = NAME;
  readonly capabilities: AICapabilities = { tools: true };
  readonly #settings: AnthropicAISettings;
  readonly #requests: SdkRequests<Anthropic>;
  readonly #calls = new OpenCalls(NAME);

  constructor(settings: AnthropicAISettings, key: Secret) {
    const { clock, thinking } = settings;
    this.#settings = settings;
    this.#requests = new SdkRequests(settings, {
      provider: NAME,
      load: () => loadClient(settings, key),
      errorOf: (error) => sdkError(error, { provider: NAME, clock, classify }),
      firstByteMs: 10_000,
      stallMs: thinking && thinking.type !== "disabled" ? 60_000 : 15_000,
    });
  }

  generate(request: AIRequest, { signal }: { readonly signal: AbortSignal }): AsyncIterable<AIPart> {
    const parts = this.#calls.stream(signal, (inner) =>
      this.#requests.retried(() => this.#attempt(request, inner), inner, "a request to the model"),
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
    const body = bodyOf(request, this.#settings);
    const reader = new MessageReader();
    const events = this.#requests.stream(
      (client, inner) => client.messages.create(body, { signal: inner, maxRetries: 0 }),
      signal,
    );
    return readAnswer(events, (event) => reader.read(event), NAME);
  }
}

async function loadClient(settings: AnthropicAISettings, key: Secret): Promise<Anthropic> {
  const { baseURL, headers, fetch } = settings;
  const sdk = await import("@anthropic-ai/sdk");
  return new sdk.Anthropic({
    apiKey: key.reveal(),
    baseURL: unversioned(baseURL ?? (process.env.ANTHROPIC_BASE_URL || undefined)),
    defaultHeaders: headers && { ...headers },
    fetch: tellingFetch(fetch),
    maxRetries: 0,
    // It logs pieces of answers when it cannot parse them.
    logLevel: "off",
  });
}

/** Spent credit comes as an ordinary 400. */
function classify(status: number, { message = "" }: VendorError): "quota" | undefined {
  return status === 400 && /credit balance/i.test(message) ? "quota" : undefined;
}
