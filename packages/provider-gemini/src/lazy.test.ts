import { expect, it, vi } from "vitest";
import { geminiAI, geminiLive, geminiTts } from "./index.ts";

const loaded = vi.hoisted(() => ({ times: 0 }));
vi.mock("@google/genai", async (original) => {
  loaded.times++;
  return await original();
});

it("loads the SDK when it is needed, or warmed up, and not before", async () => {
  const apiKey = "lazy-key";
  const ai = geminiAI({ model: "m", apiKey });
  expect(geminiLive({ apiKey }).name).toBe("gemini");
  expect(geminiTts({ apiKey }).name).toBe("gemini");
  expect(loaded.times).toBe(0);
  await ai.warmUp?.();
  await ai.warmUp?.();
  expect(loaded.times).toBe(1);
});
