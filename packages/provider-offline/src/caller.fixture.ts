import type { AIMessage, AIPart, AIProvider, AIRequest, ToolDefinition } from "@roomkit/core";
import { seededRandom, VirtualClock } from "@roomkit/testing";
import { offlineAI } from "./offline-ai.ts";
import type { OfflineAIOptions } from "./options.ts";

/** A Sunday. */
export const NOW: number = Date.UTC(2026, 10, 22, 13, 25);

export async function generate(
  provider: AIProvider,
  request: AIRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<AIPart[]> {
  const parts: AIPart[] = [];
  for await (const part of provider.generate(request, { signal })) parts.push(part);
  return parts;
}

export function textOf(parts: readonly AIPart[]): string {
  return parts.flatMap((part) => (part.type === "text-delta" ? [part.text] : [])).join("");
}

export function provider(options: OfflineAIOptions = {}): AIProvider {
  return offlineAI({
    clock: new VirtualClock({ wallTime: NOW }),
    timeZone: "UTC",
    random: seededRandom(7),
    ...options,
  });
}

/** Somebody on the phone: keeps the conversation, as a room would. */
export class Caller {
  readonly messages: AIMessage[] = [];
  readonly #provider: AIProvider;
  readonly #tools: readonly ToolDefinition[];
  readonly #run: (name: string, args: unknown) => string;

  constructor(
    ai: AIProvider = provider(),
    tools: readonly ToolDefinition[] = [],
    run: (name: string, args: unknown) => string = () => "ok",
  ) {
    this.#provider = ai;
    this.#tools = tools;
    this.#run = run;
  }

  /** Says something and hears the whole answer, tools included. */
  async say(words: string): Promise<string> {
    this.messages.push({ role: "user", content: words });
    let heard = "";
    for (let round = 0; round < 4; round++) {
      const tools = this.#tools.length > 0 ? { tools: this.#tools } : {};
      const parts = await generate(this.#provider, { messages: this.messages, ...tools });
      const text = textOf(parts).trim();
      const toolCalls = parts.flatMap((part) =>
        part.type === "tool-call" ? [{ id: part.id, name: part.name, arguments: part.arguments }] : [],
      );
      heard = `${heard} ${text}`.trim();
      this.messages.push({ role: "assistant", content: text, ...(toolCalls.length > 0 ? { toolCalls } : {}) });
      if (toolCalls.length === 0) return heard;
      for (const call of toolCalls) {
        this.messages.push({
          role: "tool",
          toolCallId: call.id,
          toolName: call.name,
          content: this.#run(call.name, call.arguments),
        });
      }
    }
    return heard;
  }

  /** The last answer was cut off: only so much of it was heard. */
  interrupt(heard: string): void {
    this.messages[this.messages.length - 1] = { role: "assistant", content: heard };
  }
}

/** `I'm` as `I am`: how an expectation may be written. */
export function fullForms(text: string): string {
  return text
    .replace(/\b([Cc])an't\b/g, "$1annot")
    .replace(/n't\b/g, " not")
    .replace(/\b(I)'m\b/g, "$1 am")
    .replace(/'re\b/g, " are")
    .replace(/'ll\b/g, " will")
    .replace(/'ve\b/g, " have")
    .replace(/'d\b/g, " would")
    .replace(/\b([Ll])et's\b/g, "$1et us")
    .replace(/\b([Ii]t|[Tt]hat|[Tt]here|[Ww]hat|[Ww]ho|[Ww]here|[Hh]ow)'s\b/g, "$1 is");
}
