import { aiConformance } from "@roomkit/testing";
import { describe, it } from "vitest";
import { provider } from "./caller.fixture.ts";

describe("offlineAI", () => {
  const cases = aiConformance({
    create: () => provider(),
    prompts: [
      { text: "what is the capital of France", matches: (answer) => answer.includes("Paris") },
      { text: "what is twelve times seven", matches: (answer) => answer.includes("eighty four") },
    ],
    tool: {
      definition: {
        name: "get_weather",
        description: "The weather of a city.",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
      prompt: "what's the weather in Oslo",
      matches: (args) => (args as { city?: unknown }).city === "Oslo",
      result: '{"condition":"rain"}',
    },
  });
  for (const { name, run } of cases) it(name, run);
});
