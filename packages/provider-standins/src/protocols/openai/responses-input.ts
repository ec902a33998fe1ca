export interface ResponsesBody {
  readonly model: string;
  readonly input: readonly InputItem[];
  readonly store?: boolean | undefined;
  readonly include?: readonly string[] | undefined;
  readonly instructions?: string | undefined;
  readonly tools?: readonly unknown[] | undefined;
  readonly reasoning?: { readonly summary?: string | undefined } | undefined;
}

interface InputItem {
  readonly type?: string | undefined;
  readonly role?: string | undefined;
  readonly content?: string | readonly { readonly type: string; readonly text?: string | undefined }[] | undefined;
  readonly id?: string | undefined;
  readonly call_id?: string | undefined;
  readonly output?: string | undefined;
  readonly encrypted_content?: string | null | undefined;
}

/** The rules of the API that its types do not say. Undefined when all are kept. */
export function brokenRule({ input, store, model }: ResponsesBody): string | undefined {
  if (!model) return "missing required parameter: model";
  if (!Array.isArray(input) || input.length === 0) return "input: at least one item";
  const open = new Set<string>();
  for (const [index, item] of input.entries()) {
    const where = `input[${index}]`;
    if (item.type === "function_call" && item.call_id !== undefined) open.add(item.call_id);
    if (item.type === "function_call_output") {
      if (!open.delete(item.call_id ?? ""))
        return `${where}: no tool call found for function call output ${item.call_id}`;
    }
    if (item.type === "reasoning") {
      if (store === false && !item.encrypted_content)
        return `${where}: ${item.id} is not stored, and has no encrypted_content`;
      const next = input[index + 1];
      const follows = next && (next.type === "function_call" || next.type === "reasoning" || next.role === "assistant");
      if (!follows) return `${where}: a reasoning item without the item that followed it`;
    }
  }
  return open.size > 0 ? `no tool output found for function call ${[...open].join()}` : undefined;
}

/** What the script is told of a request. */
export function heard({ input }: ResponsesBody): { userText: string; toolResults: string[] } {
  const users = input.filter(({ role }) => role === "user");
  const content = users.at(-1)?.content ?? "";
  const results: string[] = [];
  for (let at = input.length - 1; input[at]?.type === "function_call_output"; at--)
    results.unshift(input[at]?.output ?? "");
  return {
    userText: typeof content === "string" ? content : content.map(({ text }) => text ?? "").join(""),
    toolResults: results,
  };
}
