import { type AudioFrame, silentLogger } from "@roomkit/core";
import {
  audioOfText,
  openaiRealtimeRoute,
  type ScriptedReply,
  type ScriptedRequest,
  StandIn,
} from "@roomkit/provider-standins";
import { bytesOfSamples, PcmFramer } from "@roomkit/provider-utils";
import { realtimeConformance } from "@roomkit/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openaiRealtime } from "./openai-realtime.ts";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(openaiRealtimeRoute({ script, pieceMs: 1, transcription: "late" }));
});
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

function script({ userText, toolResults }: ScriptedRequest): ScriptedReply {
  if (toolResults.length > 0) return { text: ["It says ", toolResults.join()] };
  if (!userText.startsWith("weather")) return { text: `You said: ${userText}.`.split(/(?= )/) };
  return { toolCalls: [{ name: "weather", arguments: JSON.stringify({ city: userText.split(" ").at(-1) }) }] };
}

function speech(sampleRate: number): AudioFrame[] {
  const said = audioOfText("good morning", sampleRate);
  const samples = new Int16Array(said.length + sampleRate);
  samples.set(said);
  return new PcmFramer({ sampleRate, channels: 1 }).push(bytesOfSamples(samples));
}

describe("openaiRealtime", () => {
  const cases = realtimeConformance({
    create: () => openaiRealtime({ apiKey: "conformance-key", baseURL: `${standIn.url}/v1`, logger: silentLogger }),
    prompts: [
      { text: "one apple", matches: (answer) => answer.includes("You said: one apple.") },
      { text: "two pears", matches: (answer) => answer.includes("You said: two pears.") },
    ],
    speech: {
      frames: speech,
      heard: (text) => text === "good morning",
      answer: (text) => text === "You said: good morning.",
    },
    tool: {
      definition: {
        name: "weather",
        description: "Tells the weather of a city.",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
      prompt: "weather in Paris",
      matches: (args) => (args as { city?: unknown }).city === "Paris",
      result: "rain",
      answer: (text) => text === "It says rain",
    },
    open: () => standIn.openExchanges,
  });
  for (const { name, run } of cases) it(name, run);
});
