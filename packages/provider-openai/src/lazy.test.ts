import { expect, it, vi } from "vitest";
import { openaiAI, openaiStt, openaiTts } from "./index.ts";

const loaded = vi.hoisted(() => ({ times: 0 }));
vi.mock("openai", async (original) => {
  loaded.times++;
  return await original();
});

it("loads the SDK when it is needed, or warmed up, and not before", async () => {
  const apiKey = "lazy-key";
  const providers = [openaiAI({ model: "m", apiKey }), openaiTts({ apiKey }), openaiStt({ apiKey })];
  expect(loaded.times).toBe(0);
  for (const provider of providers) await provider.warmUp?.();
  for (const provider of providers) await provider.warmUp?.();
  expect(loaded.times).toBe(1);
});
