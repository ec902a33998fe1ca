import type { AIMessage, AIRequest } from "@roomkit/core";

/** What the last answer was made of, kept so that the model gets its own reasoning and signatures back. */
export interface AiSdkProviderData {
  readonly provider: string;
  /** In order: reasoning blocks, and what belongs to tool calls. */
  readonly reasoning: readonly { readonly text: string; readonly metadata?: unknown }[];
  readonly calls: Readonly<Record<string, unknown>>;
}

/** The call options of `doStream`, the same in all versions. */
export function callOptions(request: AIRequest, provider: string, signal: AbortSignal): Record<string, unknown> {
  const { system, messages, tools, toolChoice, temperature, maxOutputTokens, providerOptions } = request;
  return {
    prompt: [
      ...(system === undefined || system === "" ? [] : [{ role: "system", content: system }]),
      ...messages.map((message) => promptMessage(message, provider)),
    ],
    abortSignal: signal,
    ...(tools === undefined || tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            type: "function",
            name,
            description,
            inputSchema: parameters,
          })),
          toolChoice: { type: toolChoice ?? "auto" },
        }),
    temperature,
    maxOutputTokens,
    providerOptions,
  };
}

function promptMessage(message: AIMessage, provider: string): Record<string, unknown> {
  if (message.role === "user") return { role: "user", content: [{ type: "text", text: message.content }] };
  if (message.role === "tool") {
    const { toolCallId, toolName, content, isError } = message;
    const output = { type: isError ? "error-text" : "text", value: content };
    return { role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] };
  }
  const data = message.providerData as AiSdkProviderData | undefined;
  // Another model's reasoning means nothing to this one, and its signatures would be refused.
  const own = data?.provider === provider ? data : undefined;
  return {
    role: "assistant",
    content: [
      ...(own?.reasoning ?? []).map(({ text, metadata }) => ({ type: "reasoning", text, ...options(metadata) })),
      ...(message.content === "" ? [] : [{ type: "text", text: message.content }]),
      ...(message.toolCalls ?? []).map(({ id, name, arguments: input }) => ({
        type: "tool-call",
        toolCallId: id,
        toolName: name,
        input,
        ...options(own?.calls[id]),
      })),
    ],
  };
}

const options = (metadata: unknown): { providerOptions?: unknown } =>
  metadata === undefined ? {} : { providerOptions: metadata };
