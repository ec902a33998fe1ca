import type { AIPart } from "@roomkit/core";
import { type Operation, openaiResponses, providerFaultMatrix } from "@roomkit/provider-standins";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { aiSdk } from "./ai-sdk-ai.ts";
import { generations, openai } from "./openai.fixture.ts";

describe.each(generations)("a $specification model of the AI SDK over a faulty network", (generation) => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [openaiResponses({ script: ({ userText }) => ({ text: ["one ", "two ", "three ", userText] }) })],
    operate: ({ standIn, clock, signal, key, retry, firstByteMs, stallMs, variant }: Operation) =>
      aiSdk(openai(generation, standIn.url, key).language, { clock, retry, firstByteMs, stallMs }).generate(
        { messages: [{ role: "user", content: `number ${variant}` }] },
        { signal },
      ),
    complete: (items, variant) => {
      const parts = items as AIPart[];
      const text = parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
      return text === `one two three number ${variant}` && parts.at(-1)?.type === "finish";
    },
    frames: 12,
    malformed: "event: response.output_text.delta\ndata: {nonsense\n\n",
    inbandError: "server",
  });
  for (const { name, run } of cases) it(name, run, 30_000);
});
