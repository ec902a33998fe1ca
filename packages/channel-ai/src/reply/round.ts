import {
  type AIRequest,
  type FinishReason,
  type ModelPart,
  type ProviderFallback,
  RoomKitError,
  type ToolCall,
} from "@roomkit/core";
import type { ReplyAccount } from "./account.ts";
import { streamModel } from "./model-stream.ts";
import type { Turn } from "./turn.ts";

/** More calls than this in one generation are no calls any more. */
const MAX_CALLS = 256;

/** What one generation left behind besides the text that was streamed. */
export interface RoundEnd {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  readonly providerData: unknown;
  /** The reply has reached `maxReplyChars`. */
  readonly full: boolean;
}

/**
 * One generation: yields its text as it comes and returns the rest. A generation that fails with a retryable error before it
 * yielded anything is tried once more, if the reply has not used its second try yet.
 */
export async function* generateRound(
  request: AIRequest,
  turn: Turn,
  account: ReplyAccount,
  signal: AbortSignal,
): AsyncGenerator<string, RoundEnd> {
  for (;;) {
    const attempt = new Attempt(turn, account);
    try {
      return yield* attempt.run(request, signal);
    } catch (error) {
      const failure = RoomKitError.from(error);
      if (signal.aborted || attempt.yielded || !failure.retryable || account.retried || !turn.options.retry)
        throw failure;
      account.retried = true;
      turn.host.logger.warn(
        { roomId: turn.roomId, channelId: turn.channelId, code: failure.code },
        "the model failed, trying again",
      );
      await turn.host.clock.sleep(turn.options.retryDelayMs, signal);
    }
  }
}

/** One call of a channel's model. */
export function askModel(
  { host, options, roomId }: Pick<Turn, "host" | "options" | "roomId">,
  request: AIRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelPart> {
  const onFallback = (change: ProviderFallback): void => host.emit("provider_fallback", { roomId, ...change });
  return streamModel(options.provider, request, { signal, clock: host.clock, onFallback, ...options });
}

class Attempt {
  /** Something came that cannot be taken back: text that was handed on, or a call. */
  yielded = false;
  readonly #turn: Turn;
  readonly #account: ReplyAccount;
  readonly #calls: ToolCall[] = [];
  #text = "";

  constructor(turn: Turn, account: ReplyAccount) {
    this.#turn = turn;
    this.#account = account;
  }

  async *run(request: AIRequest, signal: AbortSignal): AsyncGenerator<string, RoundEnd> {
    const { options, prepared } = this.#turn;
    const parts = prepared?.take(request, signal) ?? askModel(this.#turn, request, signal);
    for await (const part of parts) {
      if (part.type === "text-delta") {
        const text = this.#accept(part.text);
        if (text !== "") yield text;
        if (this.#account.text.length >= options.maxReplyChars) return this.#end(undefined, true);
      } else if (part.type === "tool-call") {
        this.#call(part);
      } else if (part.type === "finish") {
        this.#account.addUsage(part.usage);
        this.#checkNotEmpty(part.reason);
        return this.#end(part.providerData, false);
      }
      // Thinking is neither spoken nor stored.
    }
    // streamModel ends with a finish or throws.
    throw new RoomKitError("internal", "the model's stream ended unnoticed");
  }

  /** The part of a delta that still fits; a space goes before it where it would run into the words of an earlier round. */
  #accept(delta: string): string {
    if (delta === "") return "";
    const said = this.#account.text;
    const glue = this.#text === "" && said !== "" && !/\s$/.test(said) && !/^\s/.test(delta) ? " " : "";
    const room = this.#turn.options.maxReplyChars - said.length;
    let text = `${glue}${delta}`.slice(0, room);
    if (/[\uD800-\uDBFF]$/.test(text) && text.length === room) text = text.slice(0, -1);
    this.#account.text += text;
    this.#text += delta.slice(0, Math.max(0, text.length - glue.length));
    this.yielded ||= text !== "";
    return text;
  }

  #call(part: ToolCall): void {
    if (this.#calls.length >= MAX_CALLS)
      throw new RoomKitError("provider_error", `more than ${MAX_CALLS} tool calls at once`);
    const taken = this.#calls.some((call) => call.id === part.id);
    const id = part.id === "" || taken ? this.#turn.host.ids("call") : part.id;
    this.#calls.push({ id, name: part.name, arguments: part.arguments ?? {} });
    this.yielded = true;
  }

  /** A caller would hear silence. After tools that is fine: hanging up needs no words. */
  #checkNotEmpty(reason: FinishReason): void {
    if (this.#account.text.trim() !== "" || this.#calls.length > 0 || this.#account.toolCalls > 0) return;
    if (reason === "content-filter")
      throw new RoomKitError("content_filtered", "the provider withheld the whole reply");
    throw new RoomKitError("empty_reply", "the model said nothing", { retryable: true });
  }

  #end(providerData: unknown, full: boolean): RoundEnd {
    return { text: this.#text, calls: full ? [] : this.#calls, providerData, full };
  }
}
