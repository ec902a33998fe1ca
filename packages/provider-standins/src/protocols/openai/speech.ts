import { checkAgainst } from "../../schemas/validator.ts";
import type { HttpRoute } from "../../server/route.ts";
import { audioOfText } from "../speech-audio.ts";
import { headerProblem, openaiErrorBody } from "./openai-errors.ts";

/** What the API speaks `pcm` at, in Hz. */
const RATE = 24_000;
/** Odd, so that every second chunk ends in the middle of a sample, as the real ones do. */
const CHUNK_BYTES = 1_961;
const MAX_INPUT = 4_096;

/** `POST /v1/audio/speech` with `response_format: "pcm"`; the audio is that of `audioOfText`. */
export function openaiSpeech(): HttpRoute {
  const checkBody = checkAgainst({ sdk: "openai", file: "resources/audio/speech.d.ts", type: "SpeechCreateParams" });
  let requests = 0;
  return {
    kind: "http",
    name: "openai.speech",
    method: "POST",
    path: /^\/v1\/audio\/speech$/,
    prepare: () => checkBody.load(),
    errorBody: openaiErrorBody,
    async checkRequest(request) {
      const problem = headerProblem(request) ?? (await checkBody(request.json));
      if (problem) return problem;
      const {
        input,
        response_format,
        speed = 1,
      } = request.json as { input: string; response_format?: string | undefined; speed?: number | undefined };
      if (input.length === 0 || input.length > MAX_INPUT)
        return `input: 1 to ${MAX_INPUT} characters, not ${input.length}`;
      if (speed < 0.25 || speed > 4) return `speed: 0.25 to 4, not ${speed}`;
      return response_format === "pcm" ? undefined : "only pcm is stood in for";
    },
    async respond(exchange) {
      const { input } = exchange.request.json as { input: string };
      const { buffer } = audioOfText(input, RATE);
      const id = `req_${++requests}`;
      exchange.begin({ "content-type": "audio/pcm", "x-request-id": id }, (frame) => frame as Uint8Array);
      for (let at = 0; at < buffer.byteLength; at += CHUNK_BYTES) {
        await exchange.send(new Uint8Array(buffer, at, Math.min(CHUNK_BYTES, buffer.byteLength - at)));
      }
    },
  };
}
