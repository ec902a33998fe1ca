import type { GenerateContentResponse, Part } from "@google/genai";
import { type AIPart, type AIUsage, type FinishReason, randomId } from "@roomkit/core";
import { ProviderError } from "@roomkit/provider-utils";
import { NAME } from "../connection/name.ts";
import type { GeminiProviderData } from "./provider-data.ts";

const REASONS: Readonly<Record<string, FinishReason>> = {
  MAX_TOKENS: "length",
  SAFETY: "content-filter",
  RECITATION: "content-filter",
  LANGUAGE: "content-filter",
  BLOCKLIST: "content-filter",
  PROHIBITED_CONTENT: "content-filter",
  SPII: "content-filter",
};

/** Reads the chunks of one answer. Without I/O: chunks go in, parts come out; `finish` after the last. */
export class ChunkReader {
  readonly #signatures: Record<string, string> = {};
  #calls = 0;

  /** @throws ProviderError `protocol` for a call the model did not get right. */
  *read(chunk: GenerateContentResponse): Generator<AIPart, void, undefined> {
    const [candidate] = chunk.candidates ?? [];
    for (const part of candidate?.content?.parts ?? []) {
      const read = this.#part(part);
      if (read) yield read;
    }
    // A prompt that is blocked has no candidate at all.
    const blocked = chunk.promptFeedback?.blockReason !== undefined;
    if (candidate?.finishReason === undefined && !blocked) return;
    const reason = String(candidate?.finishReason ?? "SAFETY");
    if (reason === "MALFORMED_FUNCTION_CALL" || reason === "UNEXPECTED_TOOL_CALL")
      throw new ProviderError("protocol", `${NAME}: the call of a function went wrong`, {
        provider: NAME,
        vendorCode: reason,
        retryable: true,
      });
    const data: GeminiProviderData = { gemini: { signatures: this.#signatures } };
    yield {
      type: "finish",
      reason: REASONS[reason] ?? (reason !== "STOP" ? "other" : this.#calls > 0 ? "tool-calls" : "stop"),
      ...(chunk.usageMetadata ? { usage: usageOf(chunk.usageMetadata) } : {}),
      ...(Object.keys(this.#signatures).length > 0 ? { providerData: data } : {}),
    };
  }

  #part({ text, thought, functionCall, thoughtSignature }: Part): AIPart | undefined {
    if (functionCall?.name) {
      this.#calls++;
      // The API gives calls no id; ours stays within the conversation.
      const id = functionCall.id ?? randomId("call");
      if (thoughtSignature) this.#signatures[id] = thoughtSignature;
      return { type: "tool-call", id, name: functionCall.name, arguments: functionCall.args ?? {} };
    }
    if (!text) return undefined;
    return thought ? { type: "reasoning-delta", text } : { type: "text-delta", text };
  }
}

function usageOf(usage: NonNullable<GenerateContentResponse["usageMetadata"]>): AIUsage {
  const { promptTokenCount, candidatesTokenCount, thoughtsTokenCount = 0, cachedContentTokenCount } = usage;
  return {
    inputTokens: promptTokenCount,
    ...(candidatesTokenCount === undefined ? {} : { outputTokens: candidatesTokenCount + thoughtsTokenCount }),
    cachedInputTokens: cachedContentTokenCount,
  };
}
