import { checkAgainst } from "../../schemas/validator.ts";
import type { HttpRoute } from "../../server/route.ts";
import type { StandInRequest } from "../../server/route-base.ts";
import { EVENT_STREAM, namedEvent } from "../sse.ts";
import { readWav, type WavAudio } from "../wav.ts";
import { headerProblem, openaiErrorBody } from "./openai-errors.ts";

export interface OpenAITranscriptionsOptions {
  /** What was said. Fields are the form's, without the file. */
  readonly script: (audio: WavAudio, fields: Readonly<Record<string, string>>) => string;
}

const TYPES = { sdk: "openai", file: "resources/audio/transcriptions.d.ts" };
const MAX_FILE = 25 * 1024 * 1024;
/** The shortest audio that is taken, in ms. */
const MIN_MS = 100;

/** `POST /v1/audio/transcriptions` with a WAV file: streamed where the model streams, else one JSON. */
export function openaiTranscriptions(options: OpenAITranscriptionsOptions): HttpRoute {
  const checkEvent = checkAgainst({ ...TYPES, type: "TranscriptionStreamEvent" }, { by: "type" });
  const checkWhole = checkAgainst({ ...TYPES, type: "Transcription" });
  return {
    kind: "http",
    name: "openai.transcriptions",
    method: "POST",
    path: /^\/v1\/audio\/transcriptions$/,
    prepare: () => Promise.all([checkEvent.load(), checkWhole.load()]),
    errorBody: openaiErrorBody,
    unknownFrame: { type: "transcript.prophecy", text: "soon" },
    errorFrame: { error: { type: "server_error", code: null, message: "made up", param: null } },
    checkOut: (frame) => ((frame as { type?: string | undefined }).type ? checkEvent(frame) : checkWhole(frame)),
    async checkRequest(request) {
      const problem = headerProblem(request);
      if (problem) return problem;
      const { fields, file } = await readForm(request);
      if (!fields.model) return "you must provide a model parameter";
      if (!file) return "file: field required";
      if (file.length > MAX_FILE) return `file: ${file.length} bytes, more than 25 MB`;
      if (fields.language && !/^[a-z]{2,3}$/.test(fields.language))
        return `language: ${fields.language} is not ISO 639-1`;
      if (/^gpt-4o/.test(fields.model) && fields.response_format && fields.response_format !== "json") {
        return `response_format ${fields.response_format} is not compatible with model ${fields.model}`;
      }
      const { samples, sampleRate, channels } = readWav(file);
      const ms = (samples.length / channels / sampleRate) * 1000;
      return ms < MIN_MS ? `audio of ${ms} ms is too short: at least ${MIN_MS} ms` : undefined;
    },
    async respond(exchange) {
      const { fields, file = new Uint8Array() } = await readForm(exchange.request);
      const text = options.script(readWav(file), fields);
      if (fields.stream !== "true" || fields.model === "whisper-1") {
        exchange.begin({ "content-type": "application/json", "x-request-id": "req_stt" });
        await exchange.send({ text });
        return;
      }
      exchange.begin({ ...EVENT_STREAM, "x-request-id": "req_stt" }, namedEvent);
      for (const delta of text.split(/(?<= )/))
        if (delta) await exchange.send({ type: "transcript.text.delta", delta });
      const usage = { type: "tokens", input_tokens: 14, output_tokens: 5, total_tokens: 19 };
      await exchange.send({ type: "transcript.text.done", text, usage });
    },
  };
}

/** Reads a multipart form with one file. */
async function readForm(
  request: StandInRequest,
): Promise<{ fields: Record<string, string>; file?: Uint8Array | undefined }> {
  const type = request.headers["content-type"] ?? "";
  const form = await new Response(new Uint8Array(request.body), { headers: { "content-type": type } }).formData();
  const fields: Record<string, string> = {};
  let file: Uint8Array | undefined;
  for (const [name, value] of form as unknown as Iterable<[string, string | Blob]>) {
    if (typeof value === "string") fields[name] = value;
    else if (name === "file") file = new Uint8Array(await value.arrayBuffer());
  }
  return file ? { fields, file } : { fields };
}
