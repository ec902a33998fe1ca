import { expect, it, vi } from "vitest";
import { deepgramBatch, deepgramFlux, deepgramStt } from "./index.ts";

const loaded = vi.hoisted(() => ({ times: 0 }));
vi.mock("@deepgram/sdk", async (original) => {
  loaded.times++;
  return await original();
});

it("loads the SDK when it is needed, or warmed up, and not before", async () => {
  const options = { apiKey: "lazy-key" };
  const providers = [deepgramStt(options), deepgramFlux(options), deepgramBatch(options)];
  expect(loaded.times).toBe(0);
  for (const provider of providers) {
    await provider.warmUp?.();
    await provider.warmUp?.();
  }
  expect(loaded.times).toBe(1);
});

it("is closed as often as one likes", async () => {
  const options = { apiKey: "lazy-key" };
  for (const provider of [deepgramStt(options), deepgramFlux(options), deepgramBatch(options)]) {
    await provider.close?.();
    await provider.close?.();
    const reading = provider.transcribe((async function* () {})(), { signal: new AbortController().signal });
    await expect(reading[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "closed" });
  }
});
