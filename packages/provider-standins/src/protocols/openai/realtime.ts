import type { Clock } from "@roomkit/core";
import { checkAgainst } from "../../schemas/validator.ts";
import type { SocketRoute } from "../../server/route.ts";
import { type AIScript, echoScript } from "../ai-script.ts";
import { headerProblem, openaiErrorBody } from "./openai-errors.ts";
import { RealtimeConversation } from "./realtime-conversation.ts";

export interface OpenAIRealtimeStandInOptions {
  /** Answers. `body` is `{ session, items }`: how the session is configured, and what stands in its conversation. */
  readonly script?: AIScript;
  /** What a stretch of the caller's speech says. Default: what `audioOfText` put into it. */
  readonly transcribe?: (samples: Int16Array, sampleRate: number) => string;
  /**
   * When the caller's words are written down: before the answer, after it, after the words that follow them (`crossed`: each
   * second item comes before the one before it), not at all, or in vain. Default `early`.
   */
  readonly transcription?: "early" | "late" | "crossed" | "never" | "failed";
  /** Wait before each piece of an answer, ms. Default 0. */
  readonly pieceMs?: number;
  /** Age at which a session expires, ms. Default: never. */
  readonly sessionMs?: number;
  /** Time for both. Default: the system's. */
  readonly clock?: Clock;
}

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
    connect: (exchange) => void new RealtimeConversation(exchange, { script: echoScript, ...options }),
  };
}
