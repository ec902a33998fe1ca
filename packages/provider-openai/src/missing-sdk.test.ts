import { expect, it, vi } from "vitest";
import { openaiAI } from "./index.ts";

vi.mock("openai", () => {
  throw new Error("Cannot find package");
});

it("says what to install when the SDK is not there, and can be warmed up once it is", async () => {
  const provider = openaiAI({ model: "m", apiKey: "missing-key" });
  await expect(provider.warmUp?.()).rejects.toMatchObject({ code: "missing_dependency", message: /openai@6/ });
  vi.doUnmock("openai");
  vi.resetModules();
  await provider.warmUp?.();
});
