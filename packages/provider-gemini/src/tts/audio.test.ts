import type { GenerateContentResponse } from "@google/genai";
import { describe, expect, it } from "vitest";
import { audioOf } from "./audio.ts";

async function bytesOf(...chunks: object[]): Promise<number[]> {
  const stream = (async function* () {
    yield* chunks as GenerateContentResponse[];
  })();
  const bytes: number[] = [];
  for await (const part of audioOf(stream)) bytes.push(...part);
  return bytes;
}
const audio = (mimeType: string) => ({
  candidates: [{ content: { parts: [{ text: "" }, { inlineData: { mimeType, data: "AQID" } }] } }],
});
const end = (finishReason: string) => ({ candidates: [{ finishReason }] });

describe("audioOf", () => {
  it("gives the bytes as they come, in the words for PCM there are", async () => {
    const chunks = [audio("audio/L16;codec=pcm;rate=24000"), audio("audio/pcm; rate=24000"), audio("audio/l16")];
    expect(await bytesOf(...chunks, end("STOP"))).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  it.each(["audio/mpeg", "audio/L16;rate=16000", ""])("refuses audio as '%s'", async (mimeType) => {
    await expect(bytesOf(audio(mimeType), end("STOP"))).rejects.toMatchObject({
      kind: "protocol",
      vendorCode: "audio_format",
      retryable: false,
    });
  });

  it.each([
    ["nothing was said", [end("STOP")], "protocol", "incomplete", true],
    ["the end is missing", [audio("audio/pcm")], "protocol", "incomplete", true],
    ["it stops early", [audio("audio/pcm"), end("OTHER")], "protocol", "OTHER", true],
    ["it is refused", [end("PROHIBITED_CONTENT")], "invalid_request", "PROHIBITED_CONTENT", false],
    ["the text is blocked", [{ promptFeedback: { blockReason: "OTHER" } }], "invalid_request", "SAFETY", false],
  ])("fails when %s", async (_name, chunks, kind, vendorCode, retryable) => {
    await expect(bytesOf(...chunks)).rejects.toMatchObject({ kind, vendorCode, retryable });
  });
});
