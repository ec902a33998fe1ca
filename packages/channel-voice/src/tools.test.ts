import { defineTool } from "@roomkit/channel-ai";
import type { AIPart } from "@roomkit/core";
import { expect, it } from "vitest";
import { z } from "zod";
import { call } from "./voice-call.fixture.ts";

const calls = (id: string, args: unknown): AIPart[] => [
  { type: "tool-call", id, name: "book", arguments: args },
  { type: "finish", reason: "tool-calls" },
];

it("a tool by Zod: the model is shown its schema, told what does not fit, and the caller hears the result", async () => {
  const booked: unknown[] = [];
  const book = defineTool({
    name: "book",
    description: "Books a table.",
    parameters: z.object({ guests: z.int().min(1), day: z.iso.date().transform((day) => new Date(day)) }),
    execute: ({ guests, day }) => {
      booked.push([guests, day.getUTCDate()]);
      return "table 7";
    },
  });
  const c = await call({
    answers: [
      calls("c1", { guests: "four", day: "2026-11-29" }),
      calls("c2", { guests: 4, day: "2026-11-29" }),
      ({ messages }) => `You have ${messages.at(-1)?.content}.`,
    ],
    ai: { tools: [book] },
  });
  c.connection.input({ type: "text", text: "A table for four, please." });
  await c.clock.advance(10_000);
  expect(booked).toEqual([[4, 29]]);
  expect(await c.log()).toEqual(["user: A table for four, please.", "assistant: You have table 7."]);
  expect(c.model.requests[0]?.tools).toMatchObject([
    {
      name: "book",
      parameters: { type: "object", properties: { guests: { type: "integer", minimum: 1 }, day: { type: "string" } } },
    },
  ]);
  const told = c.model.requests[1]?.messages.at(-1);
  expect(told).toMatchObject({ role: "tool", isError: true });
  expect(told?.content).toMatch(/^The call was not made \(invalid_arguments\): guests: /);
});
