import { type AudioFrame, type SpeechPart, silence } from "@roomkit/core";
import { openaiSpeech, openaiTranscriptions, StandIn } from "@roomkit/provider-standins";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aiSdkStt } from "./ai-sdk-stt.ts";
import { aiSdkTts } from "./ai-sdk-tts.ts";
import { generations, openai } from "./openai.fixture.ts";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(openaiSpeech(), openaiTranscriptions({ script: () => "what was said" }));
}, 60_000);
afterAll(() => standIn.close());

const { signal } = new AbortController();

describe.each(generations)("speech models of a $specification package", (generation) => {
  const models = () => openai(generation, standIn.url, "k");

  it("speak piece by piece, in frames whose times go on counting", { timeout: 30_000 }, async () => {
    async function* text() {
      yield "One.";
      yield "Two.";
    }
    const parts: SpeechPart[] = [];
    for await (const part of aiSdkTts(models().speech, { voice: "alloy" }).synthesize(text(), { signal }))
      parts.push(part);
    expect(parts.filter((part) => part.type === "segment").map((part) => part.text)).toEqual(["One.", "Two."]);
    const times = parts.flatMap((part) => (part.type === "audio" ? [part.frame.timestamp] : []));
    expect(times.length).toBeGreaterThan(2);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("a refusal is one of our errors", { timeout: 30_000 }, async () => {
    standIn.fault({ kind: "status", status: 401 });
    async function* text() {
      yield "One.";
    }
    const speech = aiSdkTts(models().speech, { voice: "alloy", retry: { retries: 0 } }).synthesize(text(), { signal });
    await expect(speech[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "provider_auth" });
  });

  it("write down what was said", { timeout: 30_000 }, async () => {
    async function* audio(): AsyncGenerator<AudioFrame> {
      for (let i = 0; i < 20; i++) yield silence({ sampleRate: 16_000, channels: 1 }, 20, i * 20);
    }
    const finals: string[] = [];
    for await (const part of aiSdkStt(models().transcription).transcribe(audio(), { signal }))
      if (part.type === "final") finals.push(part.text);
    expect(finals).toEqual(["what was said"]);
  });
});
