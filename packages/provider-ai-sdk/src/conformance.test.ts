import { openaiResponses, type ScriptedReply, type ScriptedRequest, StandIn } from "@roomkit/provider-standins";
import { aiConformance } from "@roomkit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aiSdk } from "./ai-sdk-ai.ts";
import { generations, openai } from "./openai.fixture.ts";

function script({ userText, toolResults, body }: ScriptedRequest): ScriptedReply {
  const { tools } = body as { tools?: unknown };
  if (toolResults.length > 0) return { text: ["It says ", toolResults.join()] };
  if (!tools) return { text: `You said: ${userText}.`.split(/(?= )/) };
  return {
    text: ["Let me see."],
    toolCalls: [{ name: "weather", arguments: JSON.stringify({ city: userText.split(" ").at(-1) }) }],
  };
}

describe.each(generations)("a $specification model of the AI SDK", (generation) => {
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await StandIn.start(openaiResponses({ script }));
  });
  afterAll(() => standIn.close());

  it("is of that generation", () => {
    expect(openai(generation, "http://127.0.0.1", "k").language.specificationVersion).toBe(generation.specification);
  });

  const prompts = ["one apple", "two pears"].map((text) => ({
    text,
    matches: (answer: string) => answer === `You said: ${text}.`,
  }));
  const cases = aiConformance({
    create: () =>
      aiSdk(openai(generation, standIn.url, "conformance-key").language, {
        providerOptions: { openai: { store: false } },
      }),
    prompts: prompts as never,
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
  for (const { name, run } of cases) it(name, run, 30_000);
});

describe("a model this adapter does not know", () => {
  it.each([
    [
      "of a later specification",
      {
        specificationVersion: "v9",
        provider: "x",
        modelId: "y",
        doStream: async () => ({ stream: new ReadableStream() }),
      },
    ],
    ["that is none", { specificationVersion: "v3", provider: "x", modelId: "y" }],
  ])("%s is refused with a code", (_what, model) => {
    expect(() => aiSdk(model as never)).toThrow(expect.objectContaining({ code: "unsupported_model" }));
  });
});
