import type { Clock } from "@roomkit/core";
import { checkAgainst } from "../../schemas/validator.ts";
import type { SocketRoute } from "../../server/route.ts";
import { type AIScript, echoScript } from "../ai-script.ts";
import { geminiErrorBody } from "./gemini-errors.ts";
import { LiveConversation, type LiveMemory } from "./live-conversation.ts";

export interface GeminiLiveStandInOptions {
  /** Answers. `body` is `{ setup, contents }`: how the session was set up, and what was said in it. */
  readonly script?: AIScript;
  /** What a stretch of the caller's speech says. Default: what `audioOfText` put into it. */
  readonly transcribe?: (samples: Int16Array, sampleRate: number) => string;
  /** Wait before each piece of an answer, ms. Default 0. */
  readonly pieceMs?: number;
  /** Age at which a connection is told to go, ms. Default: never. */
  readonly goAwayMs?: number;
  /** What it is then left, ms; it is closed with 1011 after that. Default 2,000. */
  readonly goAwayLeftMs?: number;
  /** Models there are. Default: any. */
  readonly models?: readonly string[];
  /** The model's words come after its turn is complete (or interrupted), all at once; they are promised no order. Default false. */
  readonly lateWords?: boolean;
  /** Says when the caller's speech begins and ends. Default false. */
  readonly tellsActivity?: boolean;
  /** Speech is heard, and never answered. Default false. */
  readonly ignoresSpeech?: boolean;
  /** Whether handles are given out. Default true. */
  readonly resumption?: boolean;
  /** Time for all of this. Default: the system's. */
  readonly clock?: Clock;
}

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
    connect: (exchange) => void new LiveConversation(exchange, { script: echoScript, ...options }, memory),
  };
}
