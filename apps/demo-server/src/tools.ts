import { randomInt } from "node:crypto";
import { defineTool, type Tool } from "@roomkit/channel-ai";

/** What the demo's assistant can do besides talking: ask it to roll the dice, or for the weather in a city. */
export const demoTools: readonly Tool[] = [
  defineTool({
    name: "roll_dice",
    description: "Rolls dice.",
    parameters: {
      type: "object",
      properties: { count: { type: "integer", minimum: 1, maximum: 6, description: "how many dice" } },
      additionalProperties: false,
    },
    execute: ({ count = 1 }) => Array.from({ length: count }, () => randomInt(1, 7)).join(" and "),
  }),
  defineTool({
    name: "get_weather",
    description: "The weather of a city. This demo has no network, so it makes one up.",
    parameters: {
      type: "object",
      properties: { city: { type: "string", minLength: 1, maxLength: 60, description: "the city" } },
      required: ["city"],
      additionalProperties: false,
    },
    execute: ({ city }) => `an invented ${randomInt(8, 28)} degrees and sunny in ${city}`,
  }),
];
