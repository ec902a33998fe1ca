import type { Content, GenerateContentConfig, GenerateContentParameters, Part } from "@google/genai";
import { type AIMessage, type AIRequest, RoomKitError } from "@roomkit/core";
import { clean, cleanJson } from "../text/clean.ts";
import type { GeminiAIOptions } from "./options.ts";
import { keptSignatures } from "./provider-data.ts";

const MODES = { auto: "AUTO", none: "NONE", required: "ANY" } as const;

/**
 * The parameters of a request, without what cancels it.
 *
 * @throws RoomKitError `invalid_request` when nobody has said anything in it.
 */
export function parametersOf(request: AIRequest, options: GeminiAIOptions): GenerateContentParameters {
  const { tools = [], toolChoice, system, temperature, maxOutputTokens = options.maxOutputTokens ?? 1_024 } = request;
  const { model, thinkingBudget } = options;
  const contents = contentsOf(request.messages);
  if (contents.length === 0) throw new RoomKitError("invalid_request", "gemini: nobody has said anything");
  const config = {
    maxOutputTokens,
    ...(system?.trim() ? { systemInstruction: clean(system) } : {}),
    temperature,
    ...(thinkingBudget === undefined ? {} : { thinkingConfig: { thinkingBudget } }),
    ...(tools.length === 0
      ? {}
      : {
          tools: [
            {
              functionDeclarations: tools.map(
                ({ name, description, parameters: { $schema: _dialect, ...parameters } }) => ({
                  name,
                  description: clean(description),
                  parametersJsonSchema: cleanJson({ type: "object", properties: {}, ...parameters }),
                }),
              ),
            },
          ],
          ...(toolChoice === undefined ? {} : { toolConfig: { functionCallingConfig: { mode: MODES[toolChoice] } } }),
        }),
    ...request.providerOptions,
  };
  return { model, contents, config: config as GenerateContentConfig };
}

/** Results of one turn's tools stand together in one content, as the API wants them. */
function contentsOf(messages: readonly AIMessage[]): Content[] {
  const contents: Content[] = [];
  let results: Part[] | undefined;
  for (const message of messages) {
    if (message.role === "tool") {
      const { toolName: name, content, isError } = message;
      const output = clean(content);
      const part = { functionResponse: { name, response: isError ? { error: output } : { output } } };
      if (!results) {
        results = [];
        contents.push({ role: "user", parts: results });
      }
      results.push(part);
      continue;
    }
    results = undefined;
    const parts = message.role === "user" ? textParts(message.content) : modelParts(message);
    if (parts.length > 0) contents.push({ role: message.role === "user" ? "user" : "model", parts });
  }
  return contents;
}

function modelParts({ content, toolCalls = [], providerData }: Extract<AIMessage, { role: "assistant" }>): Part[] {
  const signatures = keptSignatures(providerData);
  return [
    ...textParts(content),
    ...toolCalls.map(({ id, name, arguments: args }) => ({
      functionCall: { name, args: (args ?? {}) as Record<string, unknown> },
      // Without it the thinking that led to the call is lost, and newer models refuse the request.
      ...(signatures[id] === undefined ? {} : { thoughtSignature: signatures[id] }),
    })),
  ];
}

function textParts(text: string): Part[] {
  return text.trim() === "" ? [] : [{ text: clean(text) }];
}
