import type { AIPart } from "@roomkit/core";
import { anthropicMessages, type Operation, providerFaultMatrix } from "@roomkit/provider-standins";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { anthropicAI } from "./anthropic-ai.ts";

/** message_start, ping, block start, four words, block stop, message_delta, message_stop. */
const FRAMES = 10;

describe("anthropicAI over a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [anthropicMessages({ script: ({ userText }) => ({ text: ["one ", "two ", "three ", userText] }) })],
    operate: ({ standIn, clock, signal, key, retry, firstByteMs, stallMs, variant }: Operation) =>
      anthropicAI({
        model: "claude-haiku-4-5",
        apiKey: key,
        baseURL: standIn.url,
        clock,
        retry,
        firstByteMs,
        stallMs,
      }).generate({ messages: [{ role: "user", content: `number ${variant}` }] }, { signal }),
    complete: (items, variant) => {
      const parts = items as AIPart[];
      const text = parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
      return text === `one two three number ${variant}` && parts.at(-1)?.type === "finish";
    },
    frames: FRAMES,
    malformed: "event: content_block_delta\ndata: {nonsense\n\n",
    inbandError: "overloaded",
  });
  for (const { name, run } of cases) it(name, run);
});
