import { defined } from "@roomkit/core";
import { checkAgainst } from "../../schemas/validator.ts";
import type { SocketRoute } from "../../server/route.ts";
import { echoScript } from "../ai-script.ts";
import { geminiErrorBody } from "./gemini-errors.ts";
import { LiveConversation, type LiveMemory } from "./live-conversation.ts";
import type { GeminiLiveStandInOptions } from "./live-options.ts";

const SDK = { sdk: "@google/genai", file: "dist/genai.d.ts" };

/** The Live API: BidiGenerateContent over WebSocket, as a state machine. */
export function geminiLiveRoute(options: GeminiLiveStandInOptions = {}): SocketRoute {
  // The class has two computed properties that are not on the wire.
  const checkOut = checkAgainst({ ...SDK, type: "LiveServerMessage" }, { mayLack: ["text", "data"] });
  const checkIn = checkAgainst({ ...SDK, type: "LiveClientMessage" });
  // Sessions that can be resumed, by handle: they outlive connections.
  const memory: LiveMemory = { sessions: new Map() };
  return {
    kind: "socket",
    name: "gemini.live",
    path: /^\/ws\/google\.ai\.generativelanguage\.v1(beta|alpha)?\.GenerativeService\.BidiGenerateContent(Constrained)?$/,
    prepare: () => Promise.all([checkOut.load(), checkIn.load()]),
    errorBody: geminiErrorBody,
    unknownFrame: { prophecy: { text: "soon" } },
    checkOut,
    checkIn,
    checkRequest: ({ url }) =>
      url.searchParams.get("key") || url.searchParams.get("access_token") ? undefined : "no key",
    connect: (exchange) => void new LiveConversation(exchange, { script: echoScript, ...defined(options) }, memory),
  };
}
