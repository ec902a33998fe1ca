interface Block {
  readonly type: string;
  readonly id?: string | undefined;
  readonly tool_use_id?: string | undefined;
  readonly text?: string | undefined;
  readonly signature?: string | undefined;
}

export interface MessagesBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[];
  readonly thinking?: { readonly type: string } | undefined;
  readonly tools?: readonly unknown[] | undefined;
}

const blocksOf = (content: string | readonly Block[]): readonly Block[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : content;

/** The rules of the API that its types do not say. Undefined when all are kept. */
export function brokenRule({ messages, thinking, tools }: MessagesBody): string | undefined {
  let open: string[] = [];
  if (messages.length === 0) return "messages: at least one message is required";
  for (const [index, { role, content }] of messages.entries()) {
    const where = `messages.${index}`;
    const blocks = blocksOf(content);
    if (index === 0 && role !== "user") return `${where}: the first message must use the user role`;
    if (blocks.length === 0) return `${where}: content must not be empty`;
    if (blocks.some(({ type, text }) => type === "text" && !text?.trim())) {
      return `${where}: text content blocks must contain non-whitespace text`;
    }
    if (role === "user") {
      const answered = blocks.flatMap(({ tool_use_id }) => (tool_use_id === undefined ? [] : [tool_use_id]));
      const unanswered = open.filter((id) => !answered.includes(id));
      if (unanswered.length > 0) return `${where}: tool_use ids without tool_result blocks: ${unanswered.join()}`;
      const unknown = answered.filter((id) => !open.includes(id));
      if (unknown.length > 0) return `${where}: unexpected tool_use_id in tool_result blocks: ${unknown.join()}`;
      const firstOther = blocks.findIndex(({ type }) => type !== "tool_result");
      if (firstOther >= 0 && blocks.slice(firstOther).some(({ type }) => type === "tool_result")) {
        return `${where}: tool_result blocks must come first`;
      }
      open = [];
    } else {
      if (open.length > 0) return `${where}: tool_use ids without tool_result blocks: ${open.join()}`;
      open = blocks.flatMap(({ type, id }) => (type === "tool_use" && id !== undefined ? [id] : []));
      if (open.length > 0 && !tools?.length) return "tools: required when messages have tool_use blocks";
      const begins = blocks[0]?.type ?? "";
      const thinks = thinking !== undefined && thinking.type !== "disabled";
      const last = index === messages.length - 2;
      if (thinks && last && open.length > 0 && !/thinking$/.test(begins)) {
        return `${where}: expected thinking, found ${begins}: the turn's thinking blocks must be sent back`;
      }
      if (blocks.some(({ type, signature }) => type === "thinking" && !signature))
        return `${where}: thinking without signature`;
    }
  }
  if (open.length > 0) return `tool_use ids without tool_result blocks: ${open.join()}`;
  return messages.at(-1)?.role === "user" ? undefined : "messages: the last message must use the user role";
}

/** What the script is told of a request. */
export function heard({ messages }: MessagesBody): { userText: string; toolResults: string[] } {
  const textOf = (content: unknown): string =>
    typeof content === "string"
      ? content
      : ((content as Block[] | undefined) ?? []).map(({ text }) => text ?? "").join("");
  const users = messages.filter(({ role }) => role === "user");
  const said = users.flatMap(({ content }) => blocksOf(content).filter(({ type }) => type === "text"));
  const results = blocksOf(users.at(-1)?.content ?? []).filter(({ type }) => type === "tool_result");
  return {
    userText: said.at(-1)?.text ?? "",
    toolResults: results.map((block) => textOf((block as { content?: unknown }).content)),
  };
}
