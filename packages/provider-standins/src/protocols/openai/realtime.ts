import { defined } from "@roomkit/core";
import { checkAgainst } from "../../schemas/validator.ts";
import type { SocketRoute } from "../../server/route.ts";
import { echoScript } from "../ai-script.ts";
import { headerProblem, openaiErrorBody } from "./openai-errors.ts";
import { RealtimeConversation } from "./realtime-conversation.ts";
import type { OpenAIRealtimeStandInOptions } from "./realtime-options.ts";

const SDK = { sdk: "openai", file: "resources/realtime/realtime.d.ts" };

/** `/v1/realtime`: the GA protocol over WebSocket, as a state machine. */
export function openaiRealtimeRoute(options: OpenAIRealtimeStandInOptions = {}): SocketRoute {
  const checkOut = checkAgainst({ ...SDK, type: "RealtimeServerEvent" }, { by: "type" });
  const checkIn = checkAgainst({ ...SDK, type: "RealtimeClientEvent" }, { by: "type", nullIsAbsent: true });
  return {
    kind: "socket",
    name: "openai.realtime",
    path: /^\/v1\/realtime$/,
    prepare: () => Promise.all([checkOut.load(), checkIn.load()]),
    errorBody: openaiErrorBody,
    unknownFrame: { type: "response.prophecy.delta", event_id: "event_0", delta: "soon" },
    errorFrame: {
      type: "error",
      event_id: "event_0",
      error: { type: "server_error", code: "server_error", message: "made up" },
    },
    checkOut,
    checkIn,
    checkRequest(request) {
      if (request.headers["openai-beta"] !== undefined) return "OpenAI-Beta belongs to the protocol before this one";
      return headerProblem(request) ?? (request.url.searchParams.get("model") ? undefined : "no model");
    },
    connect: (exchange) => void new RealtimeConversation(exchange, { script: echoScript, ...defined(options) }),
  };
}
