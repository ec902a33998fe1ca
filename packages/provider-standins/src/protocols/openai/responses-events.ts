import { jsonPieces, type ScriptedReply } from "../ai-script.ts";
import type { ResponsesBody } from "./responses-input.ts";

interface Item {
  readonly id: string;
  readonly [key: string]: unknown;
}

/** The events of a reply, in the order the API documents, numbered. */
export function* eventsOf(reply: ScriptedReply, body: ResponsesBody, id: string): Generator<unknown, void, undefined> {
  let sequence = 0;
  for (const event of unnumbered(reply, body, id)) yield { ...event, sequence_number: sequence++ };
}

function* unnumbered(reply: ScriptedReply, body: ResponsesBody, id: string): Generator<object, void, undefined> {
  const { input, output, cached = 0 } = reply.usage ?? { input: 10, output: 5 };
  const done: unknown[] = [];
  const finish = reply.finish ?? "stop";
  const incomplete =
    finish === "length" ? "max_output_tokens" : finish === "content-filter" ? "content_filter" : undefined;
  const response = (status: string): object => ({
    id: `resp_${id}`,
    object: "response",
    created_at: 1_767_225_600,
    status,
    error: null,
    incomplete_details: status === "incomplete" ? { reason: incomplete } : null,
    instructions: body.instructions ?? null,
    metadata: {},
    model: body.model,
    output: [...done],
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: "auto",
    tools: body.tools ?? [],
    top_p: 1,
    ...(status === "in_progress"
      ? {}
      : {
          usage: {
            input_tokens: input,
            input_tokens_details: { cache_write_tokens: 0, cached_tokens: cached },
            output_tokens: output,
            output_tokens_details: { reasoning_tokens: 0 },
            total_tokens: input + output,
          },
        }),
  });
  const item = function* (started: Item, finished: Item, inner: Iterable<object>): Generator<object, void, undefined> {
    const place = { output_index: done.length };
    yield { type: "response.output_item.added", ...place, item: started };
    for (const event of inner) yield { item_id: started.id, ...place, ...event };
    yield { type: "response.output_item.done", ...place, item: finished };
    done.push(finished);
  };

  yield { type: "response.created", response: response("in_progress") };
  yield { type: "response.in_progress", response: response("in_progress") };
  if (reply.reasoning) {
    const text = reply.reasoning.join("");
    const encrypted = body.include?.includes("reasoning.encrypted_content") ? { encrypted_content: `enc_${id}` } : {};
    const base = { id: `rs_${id}`, type: "reasoning", summary: [] };
    const shown = body.reasoning?.summary !== undefined;
    const summary = { type: "summary_text", text };
    const place = { summary_index: 0 };
    const type = "response.reasoning_summary_";
    yield* item(
      base,
      { ...base, ...encrypted, summary: shown ? [summary] : [] },
      shown
        ? [
            { type: `${type}part.added`, ...place, part: { ...summary, text: "" } },
            ...reply.reasoning.map((delta) => ({ type: `${type}text.delta`, ...place, delta })),
            { type: `${type}text.done`, ...place, text },
            { type: `${type}part.done`, ...place, part: summary },
          ]
        : [],
    );
  }
  if (reply.text) {
    const text = reply.text.join("");
    const base = { id: `msg_${id}`, type: "message", role: "assistant" };
    const part = { type: "output_text", annotations: [], logprobs: [] };
    const place = { content_index: 0 };
    yield* item(
      { ...base, status: "in_progress", content: [] },
      { ...base, status: incomplete ? "incomplete" : "completed", content: [{ ...part, text }] },
      [
        { type: "response.content_part.added", ...place, part: { ...part, text: "" } },
        ...reply.text.map((delta) => ({ type: "response.output_text.delta", ...place, delta, logprobs: [] })),
        { type: "response.output_text.done", ...place, text, logprobs: [] },
        { type: "response.content_part.done", ...place, part: { ...part, text } },
      ],
    );
  }
  for (const [number, call] of (reply.toolCalls ?? []).entries()) {
    const json = call.arguments || "{}";
    const base = {
      id: `fc_${id}_${number}`,
      type: "function_call",
      name: call.name,
      call_id: call.id ?? `call_${id}_${number}`,
    };
    yield* item({ ...base, arguments: "", status: "in_progress" }, { ...base, arguments: json, status: "completed" }, [
      ...jsonPieces(json).map((delta) => ({ type: "response.function_call_arguments.delta", delta })),
      { type: "response.function_call_arguments.done", arguments: json },
    ]);
  }
  if (incomplete) yield { type: "response.incomplete", response: response("incomplete") };
  else yield { type: "response.completed", response: response("completed") };
}
