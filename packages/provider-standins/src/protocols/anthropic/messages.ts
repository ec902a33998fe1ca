import { checkAgainst } from "../../schemas/validator.ts";
import type { HttpRoute } from "../../server/route.ts";
import type { StandInRequest } from "../../server/route-base.ts";
import { type AIScript, echoScript, jsonPieces, type ScriptedReply } from "../ai-script.ts";
import { EVENT_STREAM, namedEvent } from "../sse.ts";
import { brokenRule, heard, type MessagesBody } from "./conversation.ts";

export interface AnthropicOptions {
  /** What the model answers. Default: it echoes. */
  readonly script?: AIScript | undefined;
}

const TYPES = { sdk: "@anthropic-ai/sdk", file: "resources/messages/messages.d.ts" };
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};
const STOP_REASONS = { stop: "end_turn", "tool-calls": "tool_use", length: "max_tokens", "content-filter": "refusal" };

/** `POST /v1/messages` with `stream: true`, as of API version 2026-10-21. */
export function anthropicMessages(options: AnthropicOptions = {}): HttpRoute {
  const { script = echoScript } = options;
  const checkBody = checkAgainst({ ...TYPES, type: "MessageCreateParamsStreaming" });
  const checkEvent = checkAgainst({ ...TYPES, type: "RawMessageStreamEvent" }, { by: "type" });
  let requests = 0;
  return {
    kind: "http",
    name: "anthropic.messages",
    method: "POST",
    path: /^\/v1\/messages$/,
    prepare: () => Promise.all([checkBody.load(), checkEvent.load()]),
    errorBody: (status) => errorOf(ERROR_TYPES[status] ?? "api_error"),
    unknownFrame: { type: "content_block_prophecy", index: 0 },
    errorFrame: errorOf("overloaded_error"),
    checkOut: (frame) => ((frame as { type: string }).type === "ping" ? undefined : checkEvent(frame)),
    async checkRequest({ headers, json }: StandInRequest) {
      if (!/^Bearer ./.test(headers.authorization ?? "") && !headers["x-api-key"]) return "no key";
      if (!headers["anthropic-version"]) return "anthropic-version: header is required";
      return (await checkBody(json)) ?? brokenRule(json as MessagesBody);
    },
    async respond(exchange) {
      const body = exchange.request.json as MessagesBody;
      const id = String(++requests).padStart(6, "0");
      exchange.begin({ ...EVENT_STREAM, "request-id": `req_${id}` }, namedEvent);
      for (const event of eventsOf(script({ ...heard(body), body }), body.model, id)) await exchange.send(event);
    },
  };
}

function errorOf(type: string): unknown {
  return { type: "error", error: { type, message: `${type} (made up)` }, request_id: "req_error" };
}

/** The events of a reply, in the order the API documents. */
function* eventsOf(reply: ScriptedReply, model: string, id: string): Generator<unknown, void, undefined> {
  const usage = reply.usage ?? { input: 10, output: 5 };
  const counts = {
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.cached ?? 0,
    input_tokens: usage.input,
    output_tokens_details: null,
    server_tool_use: null,
  };
  yield {
    type: "message_start",
    message: {
      id: `msg_${id}`,
      type: "message",
      role: "assistant",
      model,
      content: [],
      container: null,
      diagnostics: null,
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: {
        ...counts,
        output_tokens: 1,
        cache_creation: null,
        inference_geo: null,
        service_tier: "standard",
        speed: null,
      },
    },
  };
  yield { type: "ping" };
  let index = 0;
  const block = function* (start: object, deltas: readonly object[]): Generator<unknown, void, undefined> {
    yield { type: "content_block_start", index, content_block: start };
    for (const delta of deltas) yield { type: "content_block_delta", index, delta };
    yield { type: "content_block_stop", index: index++ };
  };
  if (reply.reasoning) {
    yield* block({ type: "thinking", thinking: "", signature: "" }, [
      ...reply.reasoning.map((thinking) => ({ type: "thinking_delta", thinking })),
      { type: "signature_delta", signature: `sig_${id}` },
    ]);
  }
  if (reply.text) {
    const deltas = reply.text.map((text) => ({ type: "text_delta", text }));
    yield* block({ type: "text", text: "", citations: null }, deltas);
  }
  for (const [number, call] of (reply.toolCalls ?? []).entries()) {
    const start = {
      type: "tool_use",
      id: call.id ?? `toolu_${id}_${number}`,
      name: call.name,
      input: {},
      caller: { type: "direct" },
    };
    // The first piece is always empty, and the only one of a call without arguments.
    const pieces = ["", ...jsonPieces(call.arguments)];
    yield* block(
      start,
      pieces.map((partial_json) => ({ type: "input_json_delta", partial_json })),
    );
  }
  const finish = reply.finish ?? (reply.toolCalls?.length ? "tool-calls" : "stop");
  const refusal = { type: "refusal", category: null, explanation: null };
  yield {
    type: "message_delta",
    delta: {
      container: null,
      stop_details: finish === "content-filter" ? refusal : null,
      stop_reason: STOP_REASONS[finish],
      stop_sequence: null,
    },
    usage: { ...counts, output_tokens: usage.output },
  };
  yield { type: "message_stop" };
}
