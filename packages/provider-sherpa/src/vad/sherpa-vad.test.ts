import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vadConformance } from "@roomkit/testing";
import { afterAll, describe, expect, it } from "vitest";
import { SILERO, spoken } from "../models.fixture.ts";
import { loadSherpa } from "../native/sherpa.ts";
import { sherpaVad, sherpaVadOn } from "./sherpa-vad.ts";

const format = { sampleRate: 16_000, channels: 1 } as const;
const folder = mkdtempSync(join(tmpdir(), "roomkit-sherpa-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("sherpaVad", async () => {
  const speech = await spoken("The quick brown fox jumps over the lazy dog.");
  for (const { name, run } of vadConformance({ factory: sherpaVad({ model: SILERO }), format, speech })) it(name, run);
});

describe("sherpaVad and its model", () => {
  it("wants one", () => {
    expect(() => sherpaVad({ model: join(folder, "none.onnx") })).toThrow(
      expect.objectContaining({ code: "model_not_found" }),
    );
    expect(() => sherpaVad({ model: "" })).toThrow(expect.objectContaining({ code: "model_not_found" }));
    expect(() => sherpaVad({ model: folder })).toThrow(expect.objectContaining({ code: "model_not_found" }));
  });

  it("takes no other file for one", () => {
    const page = join(folder, "page.onnx");
    writeFileSync(page, `<html>${"not found ".repeat(50)}</html>`);
    expect(() => sherpaVad({ model: page })).toThrow(expect.objectContaining({ code: "model_invalid" }));
  });

  it("survives a broken one, of which the library dies, when warmed up", { timeout: 60_000 }, async () => {
    const broken = join(folder, "broken.onnx");
    writeFileSync(broken, readFileSync(SILERO).subarray(0, 100_000));
    await expect(sherpaVad({ model: broken }).warmUp()).rejects.toMatchObject({ code: "model_invalid" });
  });

  it("refuses options out of range and other rates", () => {
    expect(() => sherpaVad({ model: SILERO, threshold: 2 })).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
    const open = () => sherpaVad({ model: SILERO }).open({ sampleRate: 8_000, channels: 1 });
    expect(open).toThrow(expect.objectContaining({ code: "unsupported_format" }));
  });
});

describe("sherpaVad's detectors", () => {
  it("are made ahead, and serve one stream after the other", { timeout: 60_000 }, async () => {
    let made = 0;
    const sherpa = loadSherpa();
    const counting = class extends sherpa.Vad {
      constructor(config: object, seconds: number) {
        super(config, seconds);
        made++;
      }
    };
    const factory = sherpaVadOn(() => ({ ...sherpa, Vad: counting }), { model: SILERO, spare: 1 });
    await factory.warmUp();
    expect([made, factory.spares]).toEqual([1, 1]);
    const [first, second] = [factory.open(format), factory.open(format)];
    expect([made, factory.spares]).toEqual([2, 0]);
    first.close();
    first.close();
    second.close();
    expect(factory.spares).toBe(1);
    factory.open(format).close();
    expect(made).toBe(2);
  });
});

describe("without the library", () => {
  const missing = () =>
    loadSherpa(() => {
      throw new Error("Cannot find module");
    });

  it("says which package to install", async () => {
    const factory = sherpaVadOn(missing, { model: SILERO });
    const expected = { code: "missing_dependency", message: expect.stringContaining("sherpa-onnx-node") };
    expect(() => factory.open(format)).toThrow(expect.objectContaining(expected));
    await expect(factory.warmUp()).rejects.toMatchObject(expected);
  });
});
