import { type AIMessage, type AIRequest, defined, RoomKitError } from "@roomkit/core";
import type { ResponseCreateParamsStreaming, ResponseInputItem } from "openai/resources/responses/responses";
import { type OpenAIAIOptions, thinks } from "./options.ts";
import { keptReasoning } from "./provider-data.ts";

/**
 * The body of a request. Temperature goes to models that take it.
 *
 * @throws RoomKitError `invalid_request` when nobody has said anything in it.
 */
export function bodyOf(request: AIRequest, options: OpenAIAIOptions): ResponseCreateParamsStreaming {
  const { tools = [], toolChoice, system, temperature, maxOutputTokens = options.maxOutputTokens ?? 1_024 } = request;
  const { model, reasoningEffort, reasoningSummary, serviceTier, store = false } = options;
  const thinking = thinks(options);
  const reasoning = defined({
    effort: reasoningEffort,
    summary: reasoningSummary,
  });
  const input = request.messages.flatMap((message) => itemsOf(message, thinking));
  if (input.length === 0) throw new RoomKitError("invalid_request", "openai: nobody has said anything");
  return {
    model,
    input,
    max_output_tokens: Math.max(16, maxOutputTokens),
    store,
    ...(system?.trim() ? { instructions: system } : {}),
    ...(temperature === undefined || thinking ? {} : { temperature }),
    ...(Object.keys(reasoning).length > 0 ? { reasoning } : {}),
    // What is not kept there must be carried by us; models that do not think refuse this.
    ...(thinking && !store ? { include: ["reasoning.encrypted_content"] } : {}),
    service_tier: serviceTier,
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            type: "function",
            name,
            description,
            parameters: { type: "object", properties: {}, ...parameters },
            strict: false,
          })),
          tool_choice: toolChoice,
        }),
    ...request.providerOptions,
    stream: true,
  } as ResponseCreateParamsStreaming;
}

function itemsOf(message: AIMessage, thinking: boolean): ResponseInputItem[] {
  if (message.role === "user") return message.content.trim() ? [{ role: "user", content: message.content }] : [];
  if (message.role === "tool") {
    const { toolCallId, content, isError } = message;
    return [{ type: "function_call_output", call_id: toolCallId, output: isError ? `Error: ${content}` : content }];
  }
  const { content, toolCalls = [], providerData } = message;
  const calls = toolCalls.map(({ id, name, arguments: args }) => ({
    type: "function_call" as const,
    call_id: id,
    name,
    arguments: JSON.stringify(args ?? {}),
  }));
  return [
    // Only a turn that goes on after its calls needs its thinking back.
    ...(thinking && calls.length > 0 ? keptReasoning(providerData) : []),
    ...(content.trim() ? [{ role: "assistant" as const, content }] : []),
    ...calls,
  ];
}
