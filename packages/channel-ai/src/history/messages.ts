import { type AIMessage, eventText, type RoomEvent, type ToolCall } from "@roomkit/core";
import { type Handoff, readHandoff } from "@roomkit/tools";
import { saidBy, speakerOf } from "./speakers.ts";
import { ToolLedger } from "./tool-ledger.ts";

export interface MessagesOptions {
  /** The channel whose model reads them: only its own tool calls count. */
  readonly channelId: string;
  /** Without tools the model could make nothing of earlier calls. */
  readonly tools: boolean;
  /** See `AIChannelOptions.interruptionNote`. */
  readonly interruptionNote: string | false;
  /** See `AIChannelOptions.speakers`. */
  readonly speakers: "several" | "always" | "never";
  /** `history` goes on after `current`, with what became of it before it is answered again: see `DeliveryContext.again`. */
  readonly again?: boolean | undefined;
  /** Names of the room's participants by their ids, where several of them speak. */
  readonly names?: ReadonlyMap<string, string> | undefined;
}

/**
 * What a model is shown of a room's log: `history` (oldest first) and then `current`, the event it answers, exactly once and
 * always last. An interrupted reply stands there as far as it was heard. Messages of one role that follow each other become one.
 */
export function buildMessages(
  history: readonly RoomEvent[],
  current: RoomEvent,
  options: MessagesOptions,
): AIMessage[] {
  const delivered = history.filter((event) => event.status === "delivered");
  const seen = delivered.filter((event) => event.index < current.index);
  const past = sinceHandoff(seen, current, options.channelId);
  const labels = new Set(
    [...past, current].map((event) => speakerOf(event, options.names)).filter((label) => label !== undefined),
  );
  const least = { several: 2, always: 1, never: Number.POSITIVE_INFINITY }[options.speakers];
  const logged = options.again ? delivered : past;
  const builder = new MessageBuilder(new ToolLedger(logged, options.channelId), options, labels.size >= least);
  for (const event of past) builder.add(event);
  builder.current(current);
  if (options.again) for (const event of delivered) if (event.index > current.index) builder.add(event);
  return builder.finished();
}

/** How a model reads what the system says in the middle of a conversation. */
export const systemNote = (text: string): string => `(Note from the system: ${text})`;

/** What the channel is to know of the conversation: nothing from before it was handed over, where that was to be so. */
function sinceHandoff(seen: readonly RoomEvent[], current: RoomEvent, channelId: string): readonly RoomEvent[] {
  const handed = [...seen, current].findLast((event) => readHandoff(event)?.to === channelId);
  if (!handed || readHandoff(handed)?.history === "whole") return seen;
  return seen.filter(({ index }) => index >= handed.index);
}

class MessageBuilder {
  readonly messages: AIMessage[] = [];
  readonly #tools: ToolLedger;
  readonly #options: MessagesOptions;
  /** Whether the user's words are shown with who said them. */
  readonly #labelled: boolean;
  #calls: ToolCall[] = [];
  /** Their ids in the log. */
  readonly #callIds = new Set<string>();
  /** A result was seen since the first of `#calls`: the next call belongs to a later round. */
  #answered = false;
  /** The last reply was not heard to its end: it was interrupted, or the voice failed. */
  #cutOff = false;

  constructor(tools: ToolLedger, options: MessagesOptions, labelled: boolean) {
    this.#tools = tools;
    this.#options = options;
    this.#labelled = labelled;
  }

  /** All there are; calls that are the last that happened have their results, too. */
  finished(): AIMessage[] {
    this.#flushCalls();
    return this.messages;
  }

  add(event: RoomEvent): void {
    const { content, source } = event;
    if (content.type === "tool-call" || content.type === "tool-result") {
      if (!this.#options.tools || source.channelId !== this.#options.channelId) return;
      if (content.type === "tool-result") {
        // The result of an earlier round may come late, in the middle of this one.
        this.#answered ||= this.#callIds.has(content.callId);
        return;
      }
      if (this.#answered) this.#flushCalls();
      const id = this.#tools.open(content.callId);
      this.#callIds.add(content.callId);
      this.#calls.push({ id, name: content.name, arguments: content.arguments });
      return;
    }
    const handoff = readHandoff(event);
    if (handoff) this.#append(this.#told(handoff));
    if (content.type !== "text" || content.text.trim() === "") return;
    if (source.role === "assistant") {
      this.#cutOff = event.heard !== undefined && (event.heard.interrupted || event.heard.unheard !== "");
      this.#assistant(content.text);
    } else if (source.role === "system") {
      this.#append(systemNote(content.text));
    } else {
      this.user(event);
    }
  }

  /** What is to be answered. */
  current(event: RoomEvent): void {
    const handoff = readHandoff(event);
    if (handoff) this.#append(this.#told(handoff));
    else this.user(event);
  }

  #told({ from, to, reason, summary }: Handoff): string {
    const mine = to === this.#options.channelId;
    const what = mine ? `handed over to you by ${from}; go on with the caller` : `handed over by ${from} to ${to}`;
    const why = reason === "" ? "" : ` Reason: ${reason}`;
    const before = mine && summary !== undefined ? ` What was said before: ${summary}` : "";
    return systemNote(`The conversation was ${what}.${why}${before}`);
  }

  user(event: RoomEvent): void {
    const text = this.#labelled ? saidBy(speakerOf(event, this.#options.names), eventText(event)) : eventText(event);
    const note = this.#cutOff ? this.#options.interruptionNote : false;
    this.#cutOff = false;
    this.#append(note ? `${note}\n${text}` : text);
  }

  #append(text: string): void {
    this.#flushCalls();
    const last = this.messages.at(-1);
    if (last?.role === "user")
      this.messages[this.messages.length - 1] = { role: "user", content: `${last.content}\n${text}` };
    else this.messages.push({ role: "user", content: text });
  }

  #assistant(text: string): void {
    this.#flushCalls();
    const last = this.messages.at(-1);
    if (last?.role === "assistant") {
      this.messages[this.messages.length - 1] = { role: "assistant", content: `${last.content}\n${text}` };
    } else {
      this.messages.push({ role: "assistant", content: text });
    }
  }

  /** One assistant message with the calls of a round, then the result of each, in the order of the calls. */
  #flushCalls(): void {
    this.#answered = false;
    this.#callIds.clear();
    if (this.#calls.length === 0) return;
    const toolCalls = this.#calls;
    this.#calls = [];
    const last = this.messages.at(-1);
    if (last?.role === "assistant") this.messages[this.messages.length - 1] = { ...last, toolCalls };
    else this.messages.push({ role: "assistant", content: "", toolCalls });
    for (const call of toolCalls) this.messages.push(this.#tools.result(call));
  }
}
