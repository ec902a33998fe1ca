import { checkAgainst } from "../../schemas/validator.ts";
import type { HttpRoute } from "../../server/route.ts";
import { textOfAudio } from "../speech-audio.ts";
import { readWav } from "../wav.ts";
import { ANY, deepgramErrorBody, FLAG, type Parameter, queryProblem, REQUEST_ID } from "./deepgram-query.ts";

const SDK = { sdk: "@deepgram/sdk", file: "dist/esm/api/types/ListenV1Response.d.mts", type: "ListenV1Response" };

/** The query of `/v1/listen` as a request. */
const PARAMETERS: Readonly<Record<string, Parameter>> = {
  detect_language: FLAG,
  dictation: FLAG,
  diarize: FLAG,
  extra: /^[^:]+:/,
  filler_words: FLAG,
  keyterm: ANY,
  keywords: ANY,
  language: /^([a-z]{2,3}(-[A-Za-z0-9]+)*|multi)$/,
  measurements: FLAG,
  mip_opt_out: FLAG,
  model: ANY,
  numerals: FLAG,
  profanity_filter: FLAG,
  punctuate: FLAG,
  redact: ANY,
  replace: ANY,
  smart_format: FLAG,
  tag: ANY,
  version: ANY,
};

/** `POST /v1/listen` with a WAV file. It hears what `audioOfText` said. */
export function deepgramPrerecorded(): HttpRoute {
  const checkAnswer = checkAgainst(SDK);
  return {
    kind: "http",
    name: "deepgram.prerecorded",
    method: "POST",
    path: /^\/v1\/listen$/,
    prepare: () => checkAnswer.load(),
    errorBody: deepgramErrorBody,
    // The API sends it, but the SDK does not know of it.
    checkOut: (frame) =>
      checkAnswer(JSON.parse(JSON.stringify(frame, (key, value) => (key === "punctuated_word" ? undefined : value)))),
    checkRequest(request) {
      const problem = queryProblem(request, PARAMETERS);
      if (problem) return problem;
      readWav(request.body);
      return undefined;
    },
    async respond(exchange) {
      const { samples, sampleRate, channels } = readWav(exchange.request.body);
      const transcript = textOfAudio(samples, sampleRate).trim();
      const each = transcript === "" ? [] : transcript.split(/\s+/);
      const words = each.map((text, i) => ({
        word: text.toLowerCase(),
        punctuated_word: text,
        start: i * 0.5,
        end: i * 0.5 + 0.4,
        confidence: 0.9,
      }));
      const detected = exchange.request.url.searchParams.get("detect_language") === "true";
      exchange.begin({ "content-type": "application/json", "dg-request-id": REQUEST_ID });
      await exchange.send({
        metadata: {
          request_id: REQUEST_ID,
          sha256: "0".repeat(64),
          created: "2026-01-01T00:00:00.000Z",
          duration: samples.length / channels / sampleRate,
          channels,
          models: ["2187e11a-3532-4498-b076-81fa530bdd49"],
          model_info: {},
        },
        results: {
          channels: [
            {
              alternatives: [{ transcript, confidence: words.length > 0 ? 0.95 : 0, words }],
              ...(detected ? { detected_language: "en" } : {}),
            },
          ],
        },
      });
    },
  };
}
