import type { AudioFrame } from "@roomkit/core";
import {
  audioOfText,
  openaiResponses,
  openaiSpeech,
  openaiTranscriptions,
  type ScriptedReply,
  type ScriptedRequest,
  StandIn,
  textOfAudio,
} from "@roomkit/provider-standins";
import { bytesOfSamples, PcmFramer } from "@roomkit/provider-utils";
import { aiConformance, type SpeechSample, sttConformance, ttsConformance } from "@roomkit/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openaiAI, openaiStt, openaiTts } from "./index.ts";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(
    openaiResponses({ script }),
    openaiSpeech(),
    openaiTranscriptions({ script: ({ samples, sampleRate }) => textOfAudio(samples, sampleRate) }),
  );
});
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

const connection = () => ({ apiKey: "conformance-key", baseURL: `${standIn.url}/v1` });

function script({ userText, toolResults, body }: ScriptedRequest): ScriptedReply {
  const { tools } = body as { tools?: unknown };
  if (toolResults.length > 0) return { text: ["It says ", toolResults.join()] };
  if (!tools) return { text: `You said: ${userText}.`.split(/(?= )/) };
  return {
    reasoning: ["the weather, ", "then"],
    toolCalls: [{ name: "weather", arguments: JSON.stringify({ city: userText.split(" ").at(-1) }) }],
  };
}

describe.each(["gpt-4.1-mini", "gpt-5-mini"])("openaiAI with %s", (model) => {
  const prompts = ["one apple", "two pears"].map((text) => ({
    text,
    matches: (answer: string) => answer === `You said: ${text}.`,
  }));
  const cases = aiConformance({
    create: () => openaiAI({ ...connection(), model }),
    prompts: prompts as never,
    open: () => standIn.openExchanges,
    tool: {
      definition: {
        name: "weather",
        description: "Tells the weather of a city.",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
      prompt: "How is the weather in Köln",
      matches: (args) => (args as { city?: unknown }).city === "Köln",
      result: "rain, 12 °C",
    },
  });
  for (const { name, run } of cases) it(name, run);
});

describe("openaiTts", () => {
  for (const { name, run } of ttsConformance({
    create: () => openaiTts(connection()),
    open: () => standIn.openExchanges,
  }))
    it(name, run);
});

describe.each(["gpt-4o-transcribe", "whisper-1"])("openaiStt with %s", (model) => {
  const sample = (text: string): SpeechSample => {
    const framer = new PcmFramer({ sampleRate: 16_000, channels: 1 });
    const frames: AudioFrame[] = framer.push(bytesOfSamples(audioOfText(text, 16_000)));
    return { frames, matches: (heard) => heard.includes(text) };
  };
  const cases = sttConformance({
    create: () => openaiStt({ ...connection(), model, maxSegmentMs: 5_000 }),
    open: () => standIn.openExchanges,
    samples: [sample("the first thing said"), sample("and another one")],
  });
  for (const { name, run } of cases) it(name, run);
});
