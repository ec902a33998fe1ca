import { checkAgainst } from "../../schemas/validator.ts";
import type { HttpRoute } from "../../server/route.ts";
import { type AIScript, echoScript } from "../ai-script.ts";
import { EVENT_STREAM, namedEvent } from "../sse.ts";
import { headerProblem, openaiErrorBody } from "./openai-errors.ts";
import { eventsOf } from "./responses-events.ts";
import { brokenRule, heard, type ResponsesBody } from "./responses-input.ts";

export interface OpenAIResponsesOptions {
  /** What the model answers. Default: it echoes. */
  readonly script?: AIScript | undefined;
}

const TYPES = { sdk: "openai", file: "resources/responses/responses.d.ts" };

/** The SDK adds the first itself, the second is of SDK 7, the third is no more in it. */
const NOT_SENT = ["output_text", "access_programs", "ResponseFunctionCallArgumentsDoneEvent.name"];

/** `POST /v1/responses` with `stream: true`. */
export function openaiResponses(options: OpenAIResponsesOptions = {}): HttpRoute {
  const { script = echoScript } = options;
  const checkBody = checkAgainst({ ...TYPES, type: "ResponseCreateParamsStreaming" });
  const checkEvent = checkAgainst(
    { ...TYPES, type: "ResponseStreamEvent" },
    { by: "type", nullIsAbsent: true, mayLack: NOT_SENT },
  );
  let requests = 0;
  return {
    kind: "http",
    name: "openai.responses",
    method: "POST",
    path: /^\/v1\/responses$/,
    prepare: () => Promise.all([checkBody.load(), checkEvent.load()]),
    errorBody: openaiErrorBody,
    unknownFrame: { type: "response.prophecy.delta", delta: "soon", sequence_number: 0 },
    errorFrame: {
      type: "error",
      sequence_number: 3,
      error: { type: "server_error", code: "server_error", message: "the server had an error (made up)", param: null },
    },
    checkOut: checkEvent,
    async checkRequest(request) {
      const problem = headerProblem(request) ?? (await checkBody(asTyped(request.json)));
      return problem ?? brokenRule(request.json as ResponsesBody);
    },
    async respond(exchange) {
      const body = exchange.request.json as ResponsesBody;
      const id = String(++requests).padStart(6, "0");
      exchange.begin({ ...EVENT_STREAM, "x-request-id": `req_${id}` }, namedEvent);
      for (const event of eventsOf(script({ ...heard(body), body }), body, id)) await exchange.send(event);
    },
  };
}

/**
 * What the server takes and the types do not say, as older packages of the AI SDK send it: an assistant's earlier words as bare
 * `output_text` pieces without ids, and functions without `strict`.
 */
function asTyped(body: unknown): unknown {
  const { input, tools } = body as { input?: unknown; tools?: unknown };
  return {
    ...(body as object),
    ...(Array.isArray(input) && { input: input.map((item) => (isBare(item) ? { ...item, content: "" } : item)) }),
    ...(Array.isArray(tools) && { tools: tools.map((tool: object) => ({ strict: null, ...tool })) }),
  };
}

function isBare({ role, content }: { role?: string | undefined; content?: unknown }): boolean {
  return (
    role === "assistant" &&
    Array.isArray(content) &&
    content.every(({ type, text }) => type === "output_text" && typeof text === "string")
  );
}
