import type { AIMessage, AIPart, AIProvider } from "@roomkit/core";
import { FakePipeline, realtimeConformance, ScriptedStt, ScriptedTts, VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { cascade } from "./cascade.ts";

/** Repeats what was said last, rolls a die when it is told to, and tells what came of that. */
const echo: AIProvider = {
  name: "echo",
  capabilities: { tools: true },
  async *generate({ messages }): AsyncGenerator<AIPart, void, undefined> {
    const last = messages.at(-1) as AIMessage;
    if (last.role === "tool") yield { type: "text-delta", text: `It says ${last.content}.` };
    else if (last.content === "roll")
      yield { type: "tool-call", id: `c${messages.length}`, name: "dice", arguments: {} };
    else yield { type: "text-delta", text: `You said: ${last.content}.` };
    yield { type: "finish", reason: last.role === "user" && last.content === "roll" ? "tool-calls" : "stop" };
  },
};

describe("cascade", () => {
  let clock = new VirtualClock();
  const cases = realtimeConformance({
    create: () => {
      clock = new VirtualClock();
      return cascade({
        stt: new ScriptedStt(clock, []),
        ai: echo,
        tts: new ScriptedTts(clock, { wordTimings: true, delayMs: 10 }),
        pipeline: new FakePipeline(),
        clock,
      });
    },
    open: () => clock.pendingTimers,
    prompts: [
      { text: "one apple", matches: (answer) => answer.includes("You said: one apple.") },
      // Written in a row they are one turn, and answered together.
      { text: "two pears", matches: (answer) => /You said: (one apple )?two pears\./.test(answer) },
    ],
    tool: {
      definition: { name: "dice", description: "Rolls a die.", parameters: { type: "object" } },
      prompt: "roll",
      matches: () => true,
      result: "four",
      answer: (text) => text.includes("It says four."),
    },
    pass: (ms) => clock.advance(ms),
    patienceMs: 3_000,
  });
  for (const { name, run } of cases) it(name, run);
});
