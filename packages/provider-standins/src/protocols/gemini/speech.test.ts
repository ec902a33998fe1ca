import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StandIn } from "../../server/stand-in.ts";
import { textOfAudio } from "../speech-audio.ts";
import { geminiSpeech } from "./speech.ts";

let standIn: StandIn;
beforeEach(async () => {
  standIn = await StandIn.start(geminiSpeech());
});
afterEach(() => standIn.close());

const PATH = "/v1beta/models/gemini-2.5-flash-preview-tts:streamGenerateContent?alt=sse";
const post = (body: unknown, path = PATH): Promise<Response> =>
  fetch(`${standIn.url}${path}`, {
    method: "POST",
    headers: { "x-goog-api-key": "k", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const generationConfig = {
  responseModalities: ["AUDIO"],
  speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
};
const contents = [{ role: "user", parts: [{ text: "Say it:\nHello, Köln!" }] }];

describe("gemini.speech", () => {
  it("speaks a text that can be read back, in chunks that split samples", async () => {
    const events = (await (await post({ contents, generationConfig })).text()).trim().split("\r\n\r\n");
    const chunks = events.map((event) => JSON.parse(event.slice("data: ".length)));
    const pieces = chunks
      .flatMap(({ candidates: [candidate] }) => candidate.content?.parts ?? [])
      .map(({ inlineData }) => Buffer.from(inlineData.data, "base64"));
    expect(pieces[0]?.length).toBe(1_961);
    const samples = new Int16Array(new Uint8Array(Buffer.concat(pieces)).buffer);
    expect(textOfAudio(samples, 24_000)).toBe("Hello, Köln!");
    expect(chunks.at(-1).candidates[0].finishReason).toBe("STOP");
    await standIn.expectClean();
  });

  it("refuses requests that break a rule", async () => {
    const text = (value: string) => [{ role: "user", parts: [{ text: value }] }];
    for (const [body, complaint] of [
      [{ contents }, /only generates AUDIO/],
      [{ contents, generationConfig: { responseModalities: ["AUDIO"] } }, /no voice/],
      [{ contents, generationConfig: { ...generationConfig, temperature: "hot" } }, /temperature/],
      [{ contents, generationConfig, systemInstruction: { parts: [{ text: "x" }] } }, /Developer instruction/],
      [{ contents: [], generationConfig }, /not specified/],
      [{ contents: text(" "), generationConfig }, /1 to 8192/],
      [{ contents: text("x".repeat(8_193)), generationConfig }, /1 to 8192/],
    ] as const) {
      expect((await post(body)).status).toBe(400);
      expect(standIn.violations.at(-1)).toMatch(complaint);
    }
    expect((await post({ contents, generationConfig }, PATH.replace("-preview-tts", ""))).status).toBe(404);
  });
});
