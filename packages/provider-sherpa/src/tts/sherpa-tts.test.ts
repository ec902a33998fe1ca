import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { voiceConfig } from "./models.ts";
import { type SherpaTtsOptions, sherpaTts } from "./sherpa-tts.ts";

const folder = mkdtempSync(join(tmpdir(), "roomkit-sherpa-"));
afterAll(() => rmSync(folder, { recursive: true }));
const model = join(folder, "voice.onnx");
writeFileSync(
  model,
  Uint8Array.from({ length: 100 }, (_, i) => (i === 0 ? 8 : 7)),
);
const tokens = join(folder, "tokens.txt");
writeFileSync(tokens, "a 0\n");

const vits = { type: "vits", model, tokens, dataDir: folder } as const;
const make = (changes: Partial<SherpaTtsOptions> = {}) => sherpaTts({ model: vits, sampleRate: 22_050, ...changes });
const coded = (code: string): unknown => expect.objectContaining({ code });

describe("sherpaTts", () => {
  it("wants the files and folders of its model", () => {
    expect(() => make()).not.toThrow();
    for (const wrong of [
      { ...vits, model: join(folder, "none.onnx") },
      { ...vits, dataDir: join(folder, "none") },
      { ...vits, dataDir: tokens },
      { type: "kokoro", model, tokens, voices: tokens },
      { type: "matcha", acousticModel: model, tokens },
    ]) {
      expect(() => make({ model: wrong as never })).toThrow(coded("model_not_found") as Error);
    }
    expect(() => make({ model: { type: "other" } as never })).toThrow(coded("invalid_option") as Error);
  });

  it("refuses options out of range and voices it has not", async () => {
    for (const wrong of [{ sampleRate: 1 }, { speed: 3 }, { threads: 0 }]) {
      expect(() => make(wrong)).toThrow(coded("invalid_option") as Error);
    }
    expect(() => make({ voice: "nobody" })).toThrow(coded("unknown_voice") as Error);
    const tts = make({ voices: { anna: 0, ben: 1 }, voice: "ben" });
    expect(tts.capabilities).toMatchObject({ sampleRate: 22_050, voices: ["anna", "ben"] });
    const { signal } = new AbortController();
    const say = (options: object) =>
      tts
        .synthesize(nothing(), { signal, ...options })
        [Symbol.asyncIterator]()
        .next();
    await expect(say({ voice: "toString" })).rejects.toMatchObject({ code: "unknown_voice" });
    await expect(say({ speed: 9 })).rejects.toMatchObject({ code: "invalid_option" });
    expect(await say({ voice: "anna", speed: 0.5 })).toEqual({ done: true, value: undefined });
    await tts.close?.();
    await expect(say({})).rejects.toMatchObject({ code: "closed" });
  });

  it("writes the configuration the library reads", () => {
    expect(voiceConfig({ ...vits, lexicon: undefined }, 3)).toEqual({
      model: { vits: { model, tokens, dataDir: folder }, numThreads: 3, provider: "cpu", debug: 0 },
      maxNumSentences: 1,
    });
  });

  it("says so when the library refuses the model", { timeout: 60_000 }, async () => {
    const tts = make();
    await expect(tts.warmUp?.()).rejects.toMatchObject({ code: "model_invalid" });
    await tts.close?.();
  });
});

async function* nothing(): AsyncGenerator<string> {}
