import { checkAgainst } from "../../schemas/validator.ts";
import type { HttpRoute } from "../../server/route.ts";
import { audioOfText } from "../speech-audio.ts";
import { EVENT_STREAM } from "../sse.ts";
import { geminiErrorBody } from "./gemini-errors.ts";
import { GENERATE_COMPUTED, GENERATE_SDK, requestProblem } from "./generate.ts";

const RATE = 24_000;
/** Odd, so that every second chunk ends in the middle of a sample. */
const CHUNK_BYTES = 1_961;
const MAX_CHARACTERS = 8_192;

interface Body {
  readonly contents: readonly { readonly parts?: readonly { readonly text?: string | undefined }[] | undefined }[];
  readonly systemInstruction?: unknown;
  readonly generationConfig?:
    | {
        readonly responseModalities?: readonly string[] | undefined;
        readonly speechConfig?:
          | {
              readonly voiceConfig?:
                | { readonly prebuiltVoiceConfig?: { readonly voiceName?: string | undefined } | undefined }
                | undefined;
            }
          | undefined;
      }
    | undefined;
}

/**
 * `POST /v1beta/models/{model}:streamGenerateContent?alt=sse` of the models whose name has `tts` in it; the audio is that of
 * `audioOfText`. An order (`Say calmly:` and a line end) before the text is not spoken.
 */
export function geminiSpeech(): HttpRoute {
  const checkContent = checkAgainst({ ...GENERATE_SDK, type: "Content" });
  const checkConfig = checkAgainst({ ...GENERATE_SDK, type: "GenerationConfig" });
  const checkOut = checkAgainst({ ...GENERATE_SDK, type: "GenerateContentResponse" }, { mayLack: GENERATE_COMPUTED });
  return {
    kind: "http",
    name: "gemini.speech",
    method: "POST",
    path: /^\/v1(beta)?\/models\/[^/:]*-tts[^/:]*:streamGenerateContent$/,
    prepare: () => Promise.all([checkContent.load(), checkConfig.load(), checkOut.load()]),
    errorBody: geminiErrorBody,
    unknownFrame: { prophecy: "soon" },
    checkOut: (frame) => ("prophecy" in (frame as object) ? undefined : checkOut(frame)),
    async checkRequest(request) {
      const problem = await requestProblem(request, checkContent);
      if (problem) return problem;
      const { systemInstruction, generationConfig = {} } = request.json as Body;
      const wrong = await checkConfig(generationConfig);
      if (wrong) return wrong;
      if (systemInstruction) return "Developer instruction is not enabled for this model";
      if (generationConfig.responseModalities?.join() !== "AUDIO") return "the model only generates AUDIO";
      if (!generationConfig.speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName) return "no voice";
      const text = textOf(request.json as Body);
      if (text.trim() === "" || text.length > MAX_CHARACTERS)
        return `text: 1 to ${MAX_CHARACTERS} characters, not ${text.length}`;
      return undefined;
    },
    async respond(exchange) {
      const spoken = textOf(exchange.request.json as Body).replace(/^[^\n]*:\n/, "");
      const bytes = Buffer.from(audioOfText(spoken, RATE).buffer);
      exchange.begin({ ...EVENT_STREAM }, (frame) => `data: ${JSON.stringify(frame)}\r\n\r\n`);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
        const data = bytes.subarray(at, at + CHUNK_BYTES).toString("base64");
        const parts = [{ inlineData: { mimeType: `audio/L16;codec=pcm;rate=${RATE}`, data } }];
        await exchange.send({ candidates: [{ content: { role: "model", parts }, index: 0 }] });
      }
      await exchange.send({
        candidates: [{ finishReason: "STOP", index: 0 }],
        usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 25, totalTokenCount: 30 },
      });
    },
  };
}

function textOf({ contents }: Body): string {
  return contents.flatMap(({ parts = [] }) => parts.map(({ text = "" }) => text)).join("");
}
