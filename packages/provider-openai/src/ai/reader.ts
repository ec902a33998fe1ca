import type { AIPart, AIUsage, FinishReason } from "@roomkit/core";
import { kindOfVendorCode, ProviderError, parseToolArguments } from "@roomkit/provider-utils";
import type {
  Response,
  ResponseOutputItem,
  ResponseReasoningItem,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import { NAME } from "../connection/connection.ts";
import type { OpenAIProviderData } from "./provider-data.ts";

/** A megabyte of arguments is no function call any more. */
const MAX_ARGUMENTS = 1024 * 1024;

/** Reads the events of one answer. Without I/O: events go in, parts come out; `finish` after the last. */
export class ResponseReader {
  readonly #reasoning: ResponseReasoningItem[] = [];
  /** Characters of arguments so far, by the call's place in the answer. */
  readonly #argumentLengths = new Map<number, number>();
  #calls = 0;
  #refused = false;

  /** @throws ProviderError what the vendor reports; `protocol` for arguments that are not JSON. */
  read(event: ResponseStreamEvent): AIPart | undefined {
    switch (event.type) {
      case "response.output_text.delta":
        return event.delta ? { type: "text-delta", text: event.delta } : undefined;
      case "response.refusal.delta":
        // Said to the user like any other text.
        this.#refused = true;
        return event.delta ? { type: "text-delta", text: event.delta } : undefined;
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        return event.delta ? { type: "reasoning-delta", text: event.delta } : undefined;
      case "response.function_call_arguments.delta":
        this.#count(event.output_index, event.delta);
        return undefined;
      case "response.output_item.done":
        return this.#item(event.item);
      case "response.completed":
      case "response.incomplete":
        return this.#finish(event.response);
      case "response.failed": {
        const { code, message } = event.response.error ?? { code: "server_error", message: "the answer failed" };
        throw reported(code, message);
      }
      case "error":
        throw reported(event.code ?? undefined, event.message);
      default:
        return undefined; // Many more kinds of events, none of which says anything to us.
    }
  }

  #item(item: ResponseOutputItem): AIPart | undefined {
    if (item.type === "reasoning") this.#reasoning.push(item);
    if (item.type !== "function_call") return undefined;
    this.#calls++;
    const { call_id: id, name } = item;
    return { type: "tool-call", id, name, arguments: parseToolArguments(item.arguments, name, NAME) };
  }

  #count(index: number, delta: string): void {
    const length = (this.#argumentLengths.get(index) ?? 0) + delta.length;
    this.#argumentLengths.set(index, length);
    if (length > MAX_ARGUMENTS)
      throw new ProviderError("protocol", "the arguments of a call do not end", { provider: NAME });
  }

  #finish(response: Response): AIPart {
    const data: OpenAIProviderData = { openai: { reasoning: this.#reasoning } };
    return {
      type: "finish",
      reason: this.#reason(response),
      ...(response.usage ? { usage: usageOf(response.usage) } : {}),
      ...(this.#reasoning.length > 0 ? { providerData: data } : {}),
    };
  }

  #reason({ incomplete_details }: Response): FinishReason {
    if (incomplete_details?.reason === "max_output_tokens") return "length";
    if (incomplete_details?.reason === "content_filter" || this.#refused) return "content-filter";
    if (incomplete_details) return "other";
    return this.#calls > 0 ? "tool-calls" : "stop";
  }
}

function usageOf({ input_tokens, output_tokens, input_tokens_details }: NonNullable<Response["usage"]>): AIUsage {
  const cached = input_tokens_details?.cached_tokens;
  return {
    inputTokens: input_tokens,
    outputTokens: output_tokens,
    ...(typeof cached === "number" ? { cachedInputTokens: cached } : {}),
  };
}

function reported(code: string | undefined, message: string): ProviderError {
  return new ProviderError(kindOfVendorCode(code), `${NAME}: ${message.slice(0, 300)}`, {
    provider: NAME,
    vendorCode: code,
  });
}
