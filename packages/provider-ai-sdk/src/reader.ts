import type { AIPart, AIUsage, FinishReason } from "@roomkit/core";
import { incomplete, parseToolArguments } from "@roomkit/provider-utils";
import { aiSdkError } from "./errors.ts";
import type { StreamPart } from "./models.ts";
import type { AiSdkProviderData } from "./prompt.ts";

const REASONS: ReadonlySet<string> = new Set(["stop", "tool-calls", "length", "content-filter"]);

interface Reasoning {
  text: string;
  metadata?: unknown;
}

/** Reads the parts of one answer. Without I/O. */
export class StreamReader {
  readonly #provider: string;
  readonly #reasoning = new Map<string, Reasoning>();
  readonly #calls: Record<string, unknown> = {};

  constructor(provider: string) {
    this.#provider = provider;
  }

  /** @throws ProviderError `protocol` for arguments that are not JSON, and what the stream reports as its error. */
  read(part: StreamPart): AIPart | undefined {
    switch (part.type) {
      case "text-delta":
        return part.delta === "" ? undefined : { type: "text-delta", text: part.delta };
      case "reasoning-start":
      case "reasoning-end":
        this.#note(part.id, "", part.providerMetadata);
        return undefined;
      case "reasoning-delta":
        this.#note(part.id, part.delta, part.providerMetadata);
        return { type: "reasoning-delta", text: part.delta };
      case "tool-call":
        // What the vendor ran itself is none of ours to run again.
        if (part.providerExecuted === true) return undefined;
        if (part.providerMetadata !== undefined) this.#calls[part.toolCallId] = part.providerMetadata;
        return {
          type: "tool-call",
          id: part.toolCallId,
          name: part.toolName,
          arguments: parseToolArguments(part.input, part.toolName, this.#provider),
        };
      case "finish":
        // A stream that broke off is finished by the SDK itself, for no reason and without having counted anything.
        if (isUnexplained(part)) throw incomplete(this.#provider);
        return { type: "finish", reason: reasonOf(part.finishReason), usage: usageOf(part.usage), ...this.#data() };
      case "error":
        throw aiSdkError(part.error, { provider: this.#provider });
      default:
        return undefined;
    }
  }

  #note(id: string, text: string, metadata: unknown): void {
    const block = this.#reasoning.get(id) ?? { text: "" };
    block.text += text;
    if (metadata !== undefined) block.metadata = metadata;
    this.#reasoning.set(id, block);
  }

  #data(): { providerData?: AiSdkProviderData | undefined } {
    const reasoning = [...this.#reasoning.values()];
    if (reasoning.length === 0 && Object.keys(this.#calls).length === 0) return {};
    return { providerData: { provider: this.#provider, reasoning, calls: this.#calls } };
  }
}

function reasonOf(reason: Extract<StreamPart, { type: "finish" }>["finishReason"]): FinishReason {
  const word = typeof reason === "string" ? reason : reason?.unified;
  return REASONS.has(word) ? (word as FinishReason) : "other";
}

function isUnexplained({ finishReason, usage }: Extract<StreamPart, { type: "finish" }>): boolean {
  const explained =
    typeof finishReason === "string"
      ? finishReason !== "unknown" && finishReason !== "other"
      : finishReason?.raw !== undefined;
  return !explained && usageOf(usage).outputTokens === undefined;
}

function usageOf(usage: Extract<StreamPart, { type: "finish" }>["usage"] | undefined): AIUsage {
  const { inputTokens, outputTokens, cachedInputTokens } = usage ?? {};
  const input = typeof inputTokens === "object" ? inputTokens.total : inputTokens;
  const output = typeof outputTokens === "object" ? outputTokens.total : outputTokens;
  const cached = typeof inputTokens === "object" ? inputTokens.cacheRead : cachedInputTokens;
  return {
    inputTokens: input,
    outputTokens: output,
    cachedInputTokens: cached,
  };
}
