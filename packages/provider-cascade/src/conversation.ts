import { withPatience } from "@roomkit/call";
import {
  type AIProvider,
  type Clock,
  type FallbackListening,
  type FinishReason,
  type RealtimeSessionConfig,
  RoomKitError,
  type ToolCall,
  withTimeout,
} from "@roomkit/core";
import { ConversationMemory } from "./memory.ts";

export interface ConversationOptions extends FallbackListening {
  readonly ai: AIProvider;
  readonly clock: Clock;
  readonly maxMessages: number;
  readonly maxToolRounds: number;
  readonly toolTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly apology: string;
  /** What the model is told to be, as it stands. */
  readonly config: () => RealtimeSessionConfig;
  readonly onToolCall: (call: ToolCall) => void;
  /** The calls are not waited for any more. */
  readonly onToolsCancelled: (ids: readonly string[]) => void;
  readonly onError: (error: RoomKitError) => void;
}

/** A tool's time is up. */
const TOOK_TOO_LONG =
  "The tool took too long. Its outcome is not known: it may have been done. Do not make the call again without asking.";

/** A model in conversation: what was said, its answers round by round, and its tools. */
export class ModelConversation {
  readonly memory: ConversationMemory;
  readonly #options: ConversationOptions;
  /** Goes on when a call's result is there, by call. */
  readonly #waits = new Map<string, () => void>();

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.memory = new ConversationMemory(options.maxMessages);
  }

  /** A tool's result: in time, or after the call was taken back or given up. */
  submit(callId: string, result: string, isError: boolean): void {
    this.memory.answered(callId, result, isError);
    const goOn = this.#waits.get(callId);
    this.#waits.delete(callId);
    goOn?.();
  }

  /**
   * The text of an answer to what was said last, as it is made, over all rounds of tools. A model that fails before it said
   * anything apologises. Throws what failed otherwise, or `aborted`.
   */
  async *answer(response: string, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const { maxToolRounds, apology, onError } = this.#options;
    let said = false;
    try {
      for (let round = 0; ; round++) {
        const calls: readonly ToolCall[] = yield* this.#round(response, round >= maxToolRounds, signal, () => {
          said = true;
        });
        if (calls.length === 0) return;
        await this.#runTools(calls, signal);
        // A round is a paragraph of its own.
        if (said) yield "\n\n";
      }
    } catch (error) {
      if (signal.aborted || said || apology === "") throw error;
      onError(RoomKitError.from(error, "ai_failed"));
      this.memory.assistant(response, apology);
      yield apology;
    }
  }

  /** One answer of the model; gives the tools it wants. */
  async *#round(
    response: string,
    last: boolean,
    signal: AbortSignal,
    onText: () => void,
  ): AsyncGenerator<string, readonly ToolCall[], undefined> {
    const { ai, config, clock, onFallback, responseTimeoutMs: ms } = this.#options;
    const over = new AbortController();
    const { instructions: system, temperature, tools } = config();
    const offered = tools?.length ? { tools, ...(last && { toolChoice: "none" as const }) } : {};
    const request = {
      messages: this.memory.messages(),
      system,
      temperature,
      ...offered,
    };
    let text = "";
    const toolCalls: ToolCall[] = [];
    let finish: { readonly reason: FinishReason; readonly providerData?: unknown } | undefined;
    try {
      const parts = ai.generate(request, { signal: AbortSignal.any([signal, over.signal]), onFallback });
      for await (const part of withPatience(parts, { clock, ms, signal, what: "the model" })) {
        if (part.type === "text-delta") {
          text += part.text;
          onText();
          yield part.text;
        } else if (part.type === "tool-call")
          toolCalls.push({ id: part.id, name: part.name, arguments: part.arguments });
        else if (part.type === "error") throw part.error;
        else if (part.type === "finish") finish = part;
      }
      if (!finish)
        throw new RoomKitError("provider_incomplete", "the model stopped without finishing", { retryable: true });
    } finally {
      over.abort();
      // What it said stands, also when it failed half-way or nobody reads on: how much was heard is known later.
      const calls = finish && !signal.aborted && !last ? toolCalls : [];
      if (text !== "" || calls.length > 0) this.memory.assistant(response, text, calls, finish?.providerData);
    }
    return last ? [] : toolCalls;
  }

  async #runTools(calls: readonly ToolCall[], signal: AbortSignal): Promise<void> {
    for (const call of calls) this.memory.called(call);
    try {
      await Promise.all(calls.map((call) => this.#runTool(call, signal)));
    } finally {
      const ids = calls.flatMap(({ id }) => (this.#waits.delete(id) ? [id] : []));
      if (ids.length > 0) this.#options.onToolsCancelled(ids);
    }
  }

  /** Has the result of a call in the memory when it resolves. @throws RoomKitError `aborted`: it may still come. */
  async #runTool(call: ToolCall, signal: AbortSignal): Promise<void> {
    const { clock, toolTimeoutMs, onToolCall } = this.#options;
    const answered = new Promise<void>((resolve) => this.#waits.set(call.id, resolve));
    onToolCall(call);
    try {
      await withTimeout(answered, toolTimeoutMs, { clock, signal, what: `the result of ${call.name}` });
    } catch (error) {
      if (signal.aborted) throw error;
      this.#waits.delete(call.id);
      this.memory.answered(call.id, TOOK_TOO_LONG, true, false);
    }
  }
}
