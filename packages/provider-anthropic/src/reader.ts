import type { RawMessageStreamEvent, Usage } from "@anthropic-ai/sdk/resources/messages/messages";
import type { AIPart, AIUsage, FinishReason } from "@roomkit/core";
import { ProviderError, parseToolArguments } from "@roomkit/provider-utils";
import type { AnthropicProviderData, ThinkingBlock } from "./provider-data.ts";

/** A block that is being written. */
type OpenBlock =
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; json: string }
  | { readonly type: "thinking"; thinking: string; signature: string }
  | { readonly type: "text" | "redacted_thinking" | "other" };

const REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  tool_use: "tool-calls",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "content-filter",
};
/** A megabyte of arguments is no function call any more. */
const MAX_ARGUMENTS = 1024 * 1024;

/** Reads the events of one answer. Without I/O: events go in, parts come out; `finish` after the last. */
export class MessageReader {
  readonly #blocks = new Map<number, OpenBlock>();
  readonly #thinking: ThinkingBlock[] = [];
  #usage: Partial<Usage> = {};
  #reason: FinishReason = "other";

  /** @throws ProviderError `protocol` for arguments that are not JSON. */
  read(event: RawMessageStreamEvent): AIPart | undefined {
    switch (event.type) {
      case "message_start":
        this.#usage = { ...event.message.usage };
        return undefined;
      case "content_block_start":
        this.#start(event.index, event.content_block);
        return undefined;
      case "content_block_delta":
        return this.#delta(event.index, event.delta);
      case "content_block_stop":
        return this.#stop(event.index);
      case "message_delta": {
        const { stop_reason } = event.delta;
        if (stop_reason) this.#reason = REASONS[stop_reason] ?? "other";
        for (const [key, value] of Object.entries(event.usage ?? {})) {
          if (value !== null) Object.assign(this.#usage, { [key]: value });
        }
        return undefined;
      }
      case "message_stop":
        return this.#finish();
      default:
        return undefined; // New kinds of events are announced to come.
    }
  }

  #start(index: number, block: { readonly type: string }): void {
    const {
      id = "",
      name = "",
      data = "",
    } = block as { id?: string | undefined; name?: string | undefined; data?: string | undefined };
    if (block.type === "tool_use") this.#blocks.set(index, { type: "tool_use", id, name, json: "" });
    else if (block.type === "thinking") this.#blocks.set(index, { type: "thinking", thinking: "", signature: "" });
    else this.#blocks.set(index, { type: "other" });
    if (block.type === "redacted_thinking") this.#thinking.push({ type: "redacted_thinking", data });
  }

  #delta(
    index: number,
    delta: Extract<RawMessageStreamEvent, { type: "content_block_delta" }>["delta"],
  ): AIPart | undefined {
    const block = this.#blocks.get(index);
    switch (delta.type) {
      case "text_delta":
        return delta.text ? { type: "text-delta", text: delta.text } : undefined;
      case "thinking_delta":
        if (block?.type === "thinking") block.thinking += delta.thinking;
        return delta.thinking ? { type: "reasoning-delta", text: delta.thinking } : undefined;
      case "signature_delta":
        if (block?.type === "thinking") block.signature += delta.signature;
        return undefined;
      case "input_json_delta":
        if (block?.type !== "tool_use") return undefined;
        block.json += delta.partial_json;
        if (block.json.length > MAX_ARGUMENTS) {
          throw new ProviderError("protocol", `the arguments for ${block.name} do not end`, { provider: "anthropic" });
        }
        return undefined;
      default:
        return undefined;
    }
  }

  #stop(index: number): AIPart | undefined {
    const block = this.#blocks.get(index);
    this.#blocks.delete(index);
    if (block?.type === "thinking") {
      this.#thinking.push({ type: "thinking", thinking: block.thinking, signature: block.signature });
    }
    if (block?.type !== "tool_use") return undefined;
    const { id, name, json } = block;
    return { type: "tool-call", id, name, arguments: parseToolArguments(json, name, "anthropic") };
  }

  #finish(): AIPart {
    const data: AnthropicProviderData = { anthropic: { thinking: this.#thinking } };
    return {
      type: "finish",
      reason: this.#reason,
      usage: usageOf(this.#usage),
      ...(this.#thinking.length > 0 ? { providerData: data } : {}),
    };
  }
}

/** The API counts what came from (or went into) the cache apart; for us it is input like any other. */
function usageOf(usage: Partial<Usage>): AIUsage {
  const { input_tokens: input, output_tokens: output, cache_read_input_tokens: read } = usage;
  const written = usage.cache_creation_input_tokens ?? 0;
  return {
    ...(input === undefined ? {} : { inputTokens: input + (read ?? 0) + written }),
    outputTokens: output,
    ...(typeof read === "number" ? { cachedInputTokens: read } : {}),
  };
}
