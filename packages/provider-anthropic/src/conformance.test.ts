import { anthropicMessages, type ScriptedReply, type ScriptedRequest, StandIn } from "@roomkit/provider-standins";
import { aiConformance } from "@roomkit/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { anthropicAI } from "./anthropic-ai.ts";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(anthropicMessages({ script }));
});
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

function script({ userText, toolResults, body }: ScriptedRequest): ScriptedReply {
  const { tools } = body as { tools?: unknown };
  if (toolResults.length > 0) return { text: ["It says ", toolResults.join()] };
  if (!tools) return { text: `You said: ${userText}.`.split(/(?= )/) };
  return {
    reasoning: ["the weather, ", "then"],
    text: ["Let me see."],
    toolCalls: [{ name: "weather", arguments: JSON.stringify({ city: userText.split(" ").at(-1) }) }],
  };
}

describe("anthropicAI", () => {
  const prompts = ["one apple", "two pears"].map((text) => ({
    text,
    matches: (answer: string) => answer === `You said: ${text}.`,
  }));
  const cases = aiConformance({
    create: () =>
      anthropicAI({
        model: "claude-haiku-4-5",
        apiKey: "conformance-key",
        baseURL: standIn.url,
        thinking: { type: "adaptive" },
      }),
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
