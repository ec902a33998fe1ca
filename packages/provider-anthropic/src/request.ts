import type { MessageCreateParamsStreaming } from "@anthropic-ai/sdk/resources/messages/messages";
import { type AIMessage, type AIRequest, RoomKitError } from "@roomkit/core";
import type { AnthropicAIOptions } from "./options.ts";
import { keptThinking } from "./provider-data.ts";

type Params = MessageCreateParamsStreaming;
type Message = Params["messages"][number];
type UserBlock = Extract<Exclude<Message["content"], string>[number], { type: "text" | "tool_result" }>;
type AssistantBlock = Exclude<Extract<Message, { role: "assistant" }>["content"], string>[number];

const DEFAULT_OPENING = "(The call begins.)";
const CHOICES = { auto: "auto", none: "none", required: "any" } as const;

/**
 * The body of a request. Temperature is not part of it: this version of the API takes none.
 *
 * @throws RoomKitError `invalid_request` when no user has said anything in it.
 */
export function bodyOf(request: AIRequest, options: AnthropicAIOptions): Params {
  const { tools = [], toolChoice, system, maxOutputTokens = options.maxOutputTokens ?? 1_024 } = request;
  const thinking = options.thinking;
  return {
    model: options.model,
    max_tokens: maxOutputTokens,
    messages: messagesOf(request.messages, options),
    ...(system?.trim() ? { system } : {}),
    ...(options.promptCaching === false ? {} : { cache_control: { type: "ephemeral" } }),
    thinking,
    ...(options.effort === undefined ? {} : { output_config: { effort: options.effort } }),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            name,
            description,
            input_schema: { type: "object", ...parameters },
          })),
          ...(toolChoice === undefined ? {} : { tool_choice: { type: CHOICES[toolChoice] } }),
        }),
    ...request.providerOptions,
    stream: true,
  } as Params;
}

/**
 * The conversation in the API's terms: what a user and tools say in a row is one message (the results of calls must come first
 * and together), blank text is left out, and a conversation that the assistant begins gets an opening.
 */
function messagesOf(messages: readonly AIMessage[], options: AnthropicAIOptions): Message[] {
  const result: Message[] = [];
  let user: UserBlock[] | undefined;
  for (const message of messages) {
    if (message.role === "assistant") {
      const content = assistantBlocks(message, options);
      if (content.length === 0) continue;
      if (result.length === 0) result.push({ role: "user", content: options.openingText ?? DEFAULT_OPENING });
      result.push({ role: "assistant", content });
      user = undefined;
      continue;
    }
    const block = userBlock(message);
    if (!block) continue;
    if (!user) {
      user = [];
      result.push({ role: "user", content: user });
    }
    user.push(block);
  }
  for (const { role, content } of result) {
    if (role === "user" && Array.isArray(content))
      content.sort((a, b) => Number(b.type === "tool_result") - Number(a.type === "tool_result"));
  }
  if (user === undefined) {
    throw new RoomKitError(
      "invalid_request",
      "anthropic: the conversation must end with a user or tool message that says something",
    );
  }
  return result;
}

function userBlock(message: Exclude<AIMessage, { role: "assistant" }>): UserBlock | undefined {
  if (message.role === "user") return message.content.trim() ? { type: "text", text: message.content } : undefined;
  const { toolCallId, content, isError } = message;
  return { type: "tool_result", tool_use_id: toolCallId, content, ...(isError ? { is_error: true } : {}) };
}

function assistantBlocks(
  { content, toolCalls = [], providerData }: Extract<AIMessage, { role: "assistant" }>,
  options: AnthropicAIOptions,
): AssistantBlock[] {
  const calls = toolCalls.map(({ id, name, arguments: input }) => ({
    type: "tool_use" as const,
    id,
    name,
    input: input ?? {},
  }));
  // Only a turn that goes on after its calls needs its thinking back; elsewhere the API drops it.
  const thinking = calls.length > 0 && options.thinking?.type !== "disabled" ? keptThinking(providerData) : [];
  // What was heard, which may be less than what was said.
  const text = content.trim() ? [{ type: "text" as const, text: content.trimEnd() }] : [];
  return [...thinking, ...text, ...calls];
}
