import type { HttpRoute } from "../../server/route.ts";
import { misfit } from "./serialization.ts";
import { chunksOf, elevenlabsErrorBody, rateOf, voiceProblem } from "./voice.ts";

const BODY = "resources/textToSpeech/client/requests/StreamTextToSpeechRequest";

/** `POST /v1/text-to-speech/{voice}/stream`, in chunks that are no whole samples. It speaks as `audioOfText`. */
export function elevenlabsStream(): HttpRoute {
  let requests = 0;
  return {
    kind: "http",
    name: "elevenlabs.stream",
    method: "POST",
    path: /^\/v1\/text-to-speech\/[\w-]+\/stream$/,
    errorBody: elevenlabsErrorBody,
    checkRequest(request) {
      const problem =
        voiceProblem(request, ["output_format", "enable_logging", "optimize_streaming_latency"]) ??
        misfit(request.json, BODY);
      if (problem) return problem;
      return (request.json as { text: string }).text.trim() === "" ? "text: must not be empty" : undefined;
    },
    async respond(exchange) {
      const { text } = exchange.request.json as { text: string };
      const id = `req_${++requests}`;
      exchange.begin({ "content-type": "audio/pcm", "request-id": id }, (frame) => frame as Uint8Array);
      for (const bytes of chunksOf(text, rateOf(exchange.request))) await exchange.send(bytes);
    },
  };
}
