import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inFrames, inSequence, quiet, type SpeechSample, sttConformance } from "@roomkit/testing";
import { afterAll, describe, expect, it } from "vitest";
import { moonshineModel, spoken } from "../models.fixture.ts";
import { sherpaStt } from "./sherpa-stt.ts";

const { remove, ...files } = moonshineModel();
const model = { type: "moonshine", ...files } as const;
const folder = mkdtempSync(join(tmpdir(), "roomkit-sherpa-"));
afterAll(() => {
  remove();
  rmSync(folder, { recursive: true });
});

async function sample(text: string, matches: RegExp): Promise<SpeechSample> {
  const whole = inSequence(quiet(16_000, 200), await spoken(text), quiet(16_000, 400));
  return { frames: inFrames(whole, { sampleRate: 16_000, channels: 1 }), matches: (heard) => matches.test(heard) };
}

describe("sherpaStt with Moonshine", { timeout: 240_000 }, async () => {
  const samples = [
    await sample("Please turn on the kitchen lights.", /kitchen/i),
    await sample("What is the weather tomorrow?", /weather/i),
  ] as const;
  const create = () => sherpaStt({ model, languages: ["en"], segmentMs: 4_000 });
  for (const { name, run } of sttConformance({ create, samples })) it(name, run);
});

describe("sherpaStt", () => {
  it("wants every file of its model before anything is loaded", () => {
    const without = (name: string) => () => sherpaStt({ model: { ...model, [name]: join(folder, name) } });
    for (const name of ["encoder", "mergedDecoder", "tokens"]) {
      const expected = { code: "model_not_found", message: expect.stringContaining(`model.${name}`) };
      expect(without(name)).toThrow(expect.objectContaining(expected));
    }
    const incomplete = { type: "whisper", encoder: model.encoder, tokens: model.tokens } as never;
    expect(() => sherpaStt({ model: incomplete })).toThrow(expect.objectContaining({ code: "model_not_found" }));
    expect(() => sherpaStt({ model: { type: "guess" } as never })).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });

  it("refuses options out of range", () => {
    for (const wrong of [{ threads: 0 }, { segmentMs: 1 }, { chunkMs: 5_000 }, { maxStreams: 0 }, { workers: 0 }]) {
      expect(() => sherpaStt({ model, ...wrong })).toThrow(expect.objectContaining({ code: "invalid_option" }));
    }
  });

  it("refuses a language the model was said not to hear", async () => {
    const stt = sherpaStt({ model, languages: ["en"] });
    const call = stt.transcribe(noAudio(), { signal: new AbortController().signal, language: "de-DE" });
    await expect(call[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "unsupported_language" });
    await stt.close?.();
  });

  it("outlives a model the library dies of", { timeout: 240_000 }, async () => {
    const broken = join(folder, "broken.onnx");
    writeFileSync(
      broken,
      Uint8Array.from({ length: 5_000 }, (_, i) => (i === 0 ? 8 : i === 1 ? 7 : i % 251)),
    );
    const stt = sherpaStt({ model: { ...model, encoder: broken } });
    await expect(stt.warmUp?.()).rejects.toMatchObject({ code: "worker_crashed" });
    await stt.close?.();
  });
});

async function* noAudio(): AsyncGenerator<never> {}
