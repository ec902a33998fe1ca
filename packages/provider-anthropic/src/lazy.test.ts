import { expect, it, vi } from "vitest";
import { anthropicAI } from "./anthropic-ai.ts";

const loaded = vi.hoisted(() => ({ times: 0 }));
vi.mock("@anthropic-ai/sdk", async (original) => {
  loaded.times++;
  return await original();
});

it("loads the SDK when it is needed, or warmed up, and not before", async () => {
  const provider = anthropicAI({ model: "m", apiKey: "lazy-key" });
  expect(loaded.times).toBe(0);
  await provider.warmUp?.();
  await provider.warmUp?.();
  expect(loaded.times).toBe(1);
});
