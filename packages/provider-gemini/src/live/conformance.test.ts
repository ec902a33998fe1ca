import { type AudioFrame, silentLogger } from "@roomkit/core";
import {
  audioOfText,
  geminiLiveRoute,
  type ScriptedReply,
  type ScriptedRequest,
  StandIn,
} from "@roomkit/provider-standins";
import { bytesOfSamples, PcmFramer } from "@roomkit/provider-utils";
import { realtimeConformance } from "@roomkit/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { geminiLive } from "./gemini-live.ts";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(geminiLiveRoute({ script, pieceMs: 1 }));
});
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

function script({ userText, toolResults }: ScriptedRequest): ScriptedReply {
  if (toolResults.length > 0) return { text: ["It says ", toolResults.join()] };
  // What was only told stands before it.
  const asked = userText.split("\n").at(-1) ?? "";
  if (!asked.startsWith("weather")) return { text: `You said: ${asked}.`.split(/(?= )/) };
  return { toolCalls: [{ name: "weather", arguments: JSON.stringify({ city: asked.split(" ").at(-1) }) }] };
}

function speech(sampleRate: number): AudioFrame[] {
  const said = audioOfText("good morning", sampleRate);
  const samples = new Int16Array(said.length + sampleRate);
  samples.set(said);
  return new PcmFramer({ sampleRate, channels: 1 }).push(bytesOfSamples(samples));
}

describe("geminiLive", () => {
  const cases = realtimeConformance({
    create: () => geminiLive({ apiKey: "conformance-key", baseURL: standIn.url, logger: silentLogger }),
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
