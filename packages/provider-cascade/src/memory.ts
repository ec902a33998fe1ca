import type { AIMessage, ToolCall } from "@roomkit/core";

interface Entry {
  message: AIMessage;
  /** The response it is part of. */
  readonly response?: string | undefined;
  /** The result of this call is still to come. */
  openCall?: string | undefined;
}

/** Stands for a result until it is known: a model that took the call for undone would make it again. */
const NO_RESULT =
  "There is no result yet: the call may have been done, or be under way. Do not make it again without asking.";

/** The conversation as the model is shown it: bounded, and holding what was heard rather than what was written. */
export class ConversationMemory {
  readonly #max: number;
  readonly #entries: Entry[] = [];
  /** What was heard of the answer that was cut off last: some of it may be put down later. */
  #cut: { readonly response: string; readonly heard: string } | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  user(text: string): void {
    this.#add({ message: { role: "user", content: text } });
  }

  assistant(
    response: string | undefined,
    text: string,
    toolCalls: readonly ToolCall[] = [],
    providerData?: unknown,
  ): void {
    const message: AIMessage = { role: "assistant", content: text };
    const cut = this.#cut;
    this.#add({
      response,
      message: {
        ...message,
        ...(toolCalls.length > 0 && { toolCalls }),
        providerData,
      },
    });
    if (cut && cut.response === response) this.heard(response, cut.heard);
  }

  /** A call was made: its result has its place from now on, whenever it comes. */
  called({ id, name }: ToolCall): void {
    const message = { role: "tool", toolCallId: id, toolName: name, content: NO_RESULT, isError: true } as const;
    this.#add({ message, openCall: id });
  }

  /** What a call came to. `final`: nothing better will be known. False when it was no open call. */
  answered(callId: string, result: string, isError: boolean, final = true): boolean {
    const entry = this.#entries.findLast(({ openCall }) => openCall === callId);
    if (entry?.message.role !== "tool") return false;
    const { isError: _, ...message } = entry.message;
    entry.message = { ...message, content: result, ...(isError && { isError }) };
    if (final) delete entry.openCall;
    return true;
  }

  /** The listener heard only this much of a response, which may be several messages with tools in between. */
  heard(response: string, heard: string): void {
    this.#cut = { response, heard };
    let left = squeezed(heard).length;
    for (const entry of this.#entries) {
      const { message } = entry;
      if (entry.response !== response || message.role !== "assistant") continue;
      const end = endOf(message.content, left);
      left -= squeezed(message.content.slice(0, end)).length;
      if (end >= message.content.length) continue;
      // Signed blocks belong to the text as it was written: with another text they would be refused.
      const { providerData: _, ...rest } = message;
      entry.message = { ...rest, content: message.content.slice(0, end).trimEnd() };
    }
  }

  /** {@link messages} as they would be after these words of the user. */
  messagesWith(text: string): AIMessage[] {
    const entries = [...this.#entries, { message: { role: "user", content: text } } as const];
    return shown(bounded(entries, this.#max));
  }

  /** The words so far, oldest first, without tools. */
  get said(): { readonly role: "user" | "assistant"; readonly text: string }[] {
    return this.messages().flatMap(({ role, content }) =>
      role === "tool" || content === "" ? [] : [{ role, text: content }],
    );
  }

  /** Oldest first, without empty entries; never beginning in the middle of a tool round. */
  messages(): AIMessage[] {
    return shown(this.#entries);
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    bounded(this.#entries, this.#max);
  }
}

/** Without the oldest, where there are too many; not beginning in the middle of a tool round. */
function bounded(entries: Entry[], max: number): Entry[] {
  while (entries.length > max || entries[0]?.message.role === "tool") entries.shift();
  return entries;
}

/** Without what is empty. */
function shown(entries: readonly Entry[]): AIMessage[] {
  return entries
    .map((entry) => entry.message)
    .filter(
      (message) => message.content !== "" || message.role !== "assistant" || (message.toolCalls?.length ?? 0) > 0,
    );
}

const squeezed = (text: string): string => text.replace(/\s+/g, "");

/** Where so many characters that are no white space end. */
function endOf(text: string, count: number): number {
  if (count <= 0) return 0;
  let seen = 0;
  for (let at = 0; at < text.length; at++) if (/\S/.test(text[at] as string) && ++seen === count) return at + 1;
  return text.length;
}
