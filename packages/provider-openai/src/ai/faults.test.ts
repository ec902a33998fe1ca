import type { AIPart } from "@roomkit/core";
import { type Operation, openaiResponses, providerFaultMatrix } from "@roomkit/provider-standins";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { openaiAI } from "./openai-ai.ts";

/** created, in_progress, item added, part added, four words, text done, part done, item done, completed. */
const FRAMES = 12;

describe("openaiAI over a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [openaiResponses({ script: ({ userText }) => ({ text: ["one ", "two ", "three ", userText] }) })],
    operate: ({ standIn, key, signal, variant, ...limits }: Operation) =>
      openaiAI({ model: "gpt-4.1-mini", apiKey: key, baseURL: `${standIn.url}/v1`, ...limits }).generate(
        { messages: [{ role: "user", content: `number ${variant}` }] },
        { signal },
      ),
    complete: (items, variant) => {
      const parts = items as AIPart[];
      const text = parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
      return text === `one two three number ${variant}` && parts.at(-1)?.type === "finish";
    },
    frames: FRAMES,
    malformed: "event: response.output_text.delta\ndata: {nonsense\n\n",
    inbandError: "server",
  });
  for (const { name, run } of cases) it(name, run);
});
