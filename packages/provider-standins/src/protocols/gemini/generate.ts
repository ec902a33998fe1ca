import { checkAgainst } from "../../schemas/validator.ts";
import type { HttpRoute } from "../../server/route.ts";
import type { StandInRequest } from "../../server/route-base.ts";
import { type AIScript, echoScript, type ScriptedReply } from "../ai-script.ts";
import { EVENT_STREAM } from "../sse.ts";
import { geminiErrorBody } from "./gemini-errors.ts";

export interface GeminiGenerateOptions {
  /** What the model answers. Default: it echoes. */
  readonly script?: AIScript | undefined;
}

interface Part {
  readonly text?: string | undefined;
  readonly functionCall?: { readonly name: string } | undefined;
  readonly functionResponse?:
    | { readonly name: string; readonly response?: Readonly<Record<string, unknown>> | undefined }
    | undefined;
  readonly thoughtSignature?: string | undefined;
}

interface Body {
  readonly contents: readonly { readonly role?: string | undefined; readonly parts?: readonly Part[] | undefined }[];
  readonly tools?: unknown;
}

export const GENERATE_SDK = { sdk: "@google/genai", file: "dist/genai.d.ts" } as const;
/** The class has computed properties that are not on the wire. */
export const GENERATE_COMPUTED: readonly string[] = [
  "text",
  "data",
  "functionCalls",
  "executableCode",
  "codeExecutionResult",
];

const REASONS = { stop: "STOP", "tool-calls": "STOP", length: "MAX_TOKENS", "content-filter": "SAFETY" } as const;
const SIGNATURE = "c2lnbmF0dXJl";

/** `POST /v1beta/models/{model}:streamGenerateContent?alt=sse`, but for the models that speak: those are `geminiSpeech`'s. */
export function geminiGenerate(options: GeminiGenerateOptions = {}): HttpRoute {
  const { script = echoScript } = options;
  const checkContent = checkAgainst({ ...GENERATE_SDK, type: "Content" });
  const checkOut = checkAgainst({ ...GENERATE_SDK, type: "GenerateContentResponse" }, { mayLack: GENERATE_COMPUTED });
  return {
    kind: "http",
    name: "gemini.generate",
    method: "POST",
    path: /^\/v1(beta)?\/models\/(?![^/:]*-tts)[^/]+:streamGenerateContent$/,
    prepare: () => Promise.all([checkContent.load(), checkOut.load()]),
    errorBody: geminiErrorBody,
    unknownFrame: { prophecy: "soon" },
    checkOut: (frame) => ("prophecy" in (frame as object) ? undefined : checkOut(frame)),
    async checkRequest(request) {
      const problem = await requestProblem(request, checkContent);
      return problem ?? brokenRule((request.json as Body).contents);
    },
    async respond(exchange) {
      const body = exchange.request.json as Body;
      const last = body.contents.at(-1);
      const toolResults = (last?.parts ?? []).flatMap(({ functionResponse }) =>
        functionResponse ? [String(functionResponse.response?.output ?? functionResponse.response?.error)] : [],
      );
      const user = body.contents.findLast(({ role, parts = [] }) => role === "user" && parts.some(({ text }) => text));
      const userText = user?.parts?.map(({ text = "" }) => text).join("") ?? "";
      exchange.begin({ ...EVENT_STREAM }, (frame) => `data: ${JSON.stringify(frame)}\r\n\r\n`);
      for (const chunk of chunksOf(script({ userText, toolResults, body }))) await exchange.send(chunk);
    },
  };
}

/** What is wrong with the key, the address or the contents of a request. */
export async function requestProblem(
  { headers, url, json }: StandInRequest,
  checkContent: (content: unknown) => Promise<string | undefined>,
): Promise<string | undefined> {
  if (!headers["x-goog-api-key"]) return "no key";
  if (url.searchParams.get("alt") !== "sse") return "alt=sse is missing";
  const { contents } = json as Body;
  if (!Array.isArray(contents) || contents.length === 0) return "contents is not specified";
  for (const content of contents) {
    const problem = await checkContent(content);
    if (problem) return problem;
  }
  return undefined;
}

/** What the API refuses although it has the right shape. */
function brokenRule(contents: Body["contents"]): string | undefined {
  for (const [i, { parts = [] }] of contents.entries()) {
    const calls = parts.filter(({ functionCall }) => functionCall);
    if (calls.length > 0 && !calls[0]?.thoughtSignature) return "Function call is missing a thought_signature";
    const answers = contents[i + 1]?.parts?.filter(({ functionResponse }) => functionResponse) ?? [];
    if (calls.length > 0 && answers.length !== calls.length)
      return "the number of function response parts must equal the number of function call parts";
  }
  return undefined;
}

function* chunksOf(reply: ScriptedReply): Generator<unknown, void, undefined> {
  const chunk = (parts: readonly unknown[]): object => ({
    candidates: [{ content: { role: "model", parts }, index: 0 }],
  });
  for (const text of reply.reasoning ?? []) yield chunk([{ text, thought: true }]);
  for (const text of reply.text ?? []) yield chunk([{ text }]);
  const calls = (reply.toolCalls ?? []).map(({ name, arguments: json }, i) => ({
    functionCall: { name, args: JSON.parse(json || "{}") as unknown },
    ...(i === 0 ? { thoughtSignature: SIGNATURE } : {}),
  }));
  if (calls.length > 0) yield chunk(calls);
  const { input, output, cached } = reply.usage ?? { input: 10, output: 5 };
  yield {
    candidates: [
      { content: { role: "model", parts: [{ text: "" }] }, finishReason: REASONS[reply.finish ?? "stop"], index: 0 },
    ],
    usageMetadata: {
      promptTokenCount: input,
      candidatesTokenCount: output,
      totalTokenCount: input + output,
      cachedContentTokenCount: cached,
    },
  };
}
