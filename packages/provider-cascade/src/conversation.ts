import { type CallRoom, withPatience } from "@roomkit/call";
import {
  type AIMessage,
  type AIProvider,
  type AIRequest,
  type Clock,
  type FallbackListening,
  type FinishReason,
  type ModelPart,
  PreparedGeneration,
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
  /** An answer was made ahead, and is the answer, or was thrown away. */
  readonly onPrepared: (used: boolean) => void;
}

/** A tool's time is up. */
const TOOK_TOO_LONG =
  "The tool took too long. Its outcome is not known: it may have been done. Do not make the call again without asking.";

/** A model has one place for instructions; in the middle of a conversation they come as words. */
export const asInstruction = (text: string): string => `(instruction) ${text}`;

/** A model in conversation: what was said, its answers round by round, and its tools. */
export class ModelConversation {
  readonly memory: ConversationMemory;
  readonly #options: ConversationOptions;
  /** Goes on when a call's result is there, by call. */
  readonly #waits = new Map<string, () => void>();
  /** The newest answer that was made ahead, until one is asked for. */
  #prepared: PreparedGeneration | undefined;

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
   * Begins to make the answer to what may be said next. The memory stays as it is, no tool is run, and it is used only if the model is then to be asked
   * the very same.
   */
  prepare(text: string, { signal, onUsed, onText }: Parameters<NonNullable<CallRoom["prepare"]>>[1]): void {
    const { clock, onPrepared } = this.#options;
    this.#prepared?.discard();
    const prepared: PreparedGeneration = new PreparedGeneration({
      ...{ clock, signal },
      generate: (request, stop) => this.#ask(request, stop),
      onText: (part, over) => onText?.(part, over, "cascade"),
      onEnd: (earlierMs) => {
        if (this.#prepared === prepared) this.#prepared = undefined;
        if (earlierMs !== undefined) onUsed(earlierMs);
        onPrepared(earlierMs !== undefined);
      },
    });
    if (prepared.over) return;
    this.#prepared = prepared;
    prepared.begin(this.#request(this.memory.messagesWith(text), this.#options.maxToolRounds === 0));
  }

  /** What the model says upon an instruction, by the conversation so far; the memory stays as it is, and no tool is run. */
  async compose(instruction: string, signal: AbortSignal): Promise<string> {
    let text = "";
    const messages = this.memory.messagesWith(asInstruction(instruction));
    for await (const part of this.#ask(this.#request(messages, true), signal))
      if (part.type === "text-delta") text += part.text;
    return text.trim();
  }

  /**
   * The text of an answer to what was said last, as it is made, over all rounds of tools. A model that fails before it said
   * anything apologises. Throws what failed otherwise, or `aborted`.
   */
  async *answer(response: string, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const { maxToolRounds, apology, onError } = this.#options;
    let prepared = this.#prepared;
    this.#prepared = undefined;
    let said = false;
    try {
      for (let round = 0; ; round++) {
        const last = round >= maxToolRounds;
        const request = this.#request(this.memory.messages(), last);
        const parts = prepared?.take(request, signal) ?? this.#ask(request, signal);
        prepared = undefined;
        const calls: readonly ToolCall[] = yield* this.#round(response, parts, { last, signal }, () => {
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
    parts: AsyncGenerator<ModelPart>,
    { last, signal }: { readonly last: boolean; readonly signal: AbortSignal },
    onText: () => void,
  ): AsyncGenerator<string, readonly ToolCall[], undefined> {
    let text = "";
    const toolCalls: ToolCall[] = [];
    let finish: { readonly reason: FinishReason; readonly providerData?: unknown } | undefined;
    try {
      for await (const part of parts) {
        if (part.type === "text-delta") {
          text += part.text;
          onText();
          yield part.text;
        } else if (part.type === "tool-call")
          toolCalls.push({ id: part.id, name: part.name, arguments: part.arguments });
        else if (part.type === "finish") finish = part;
      }
    } finally {
      // What it said stands, also when it failed half-way or nobody reads on: how much was heard is known later.
      const calls = finish && !signal.aborted && !last ? toolCalls : [];
      if (text !== "" || calls.length > 0) this.memory.assistant(response, text, calls, finish?.providerData);
    }
    return last ? [] : toolCalls;
  }

  #request(messages: readonly AIMessage[], last: boolean): AIRequest {
    const { instructions: system, temperature, tools } = this.#options.config();
    const offered = tools?.length ? { tools, ...(last && { toolChoice: "none" as const }) } : {};
    return { messages, system, temperature, ...offered };
  }

  /** What the model gives for a request, to its one `finish`. @throws what it fails with, `provider_incomplete`, `timeout`, `aborted`. */
  async *#ask(request: AIRequest, signal: AbortSignal): AsyncGenerator<ModelPart, void, undefined> {
    const { ai, clock, onFallback, responseTimeoutMs: ms } = this.#options;
    const over = new AbortController();
    let finished = false;
    try {
      const parts = ai.generate(request, { signal: AbortSignal.any([signal, over.signal]), onFallback });
      for await (const part of withPatience(parts, { clock, ms, signal, what: "the model" })) {
        if (part.type === "error") throw part.error;
        finished ||= part.type === "finish";
        yield part;
      }
      if (!finished)
        throw new RoomKitError("provider_incomplete", "the model stopped without finishing", { retryable: true });
    } finally {
      over.abort();
    }
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
