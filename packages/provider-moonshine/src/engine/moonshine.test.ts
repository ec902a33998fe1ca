import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inSequence, quiet, whiteNoise, wordsOf } from "@roomkit/testing";
import llamaTokenizer from "llama-tokenizer-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Speaker } from "../flite.fixture.ts";
import { findModel } from "./files.ts";
import { Moonshine } from "./moonshine.ts";
import { englishOnly, isNoise } from "./noise.ts";
import { Detokenizer } from "./tokens.ts";

describe("token texts", () => {
  const lines = readFileSync(findModel().tokens, "utf8");
  const detokenizer = new Detokenizer(lines);

  it("are those of the tokenizer they were taken from", () => {
    expect(lines.split("\n")).toEqual(llamaTokenizer.vocabById);
  });

  it.each(["Hello, world!", "It's 7:30 pm — naïve café", "数字 and 🙂", "a\nb", "  spaced   out  "])(
    "make up %j again",
    (text) => {
      const tokens = llamaTokenizer.encode(text, false, true);
      expect(detokenizer.decode(tokens)).toBe(text.trim());
    },
  );

  it("leave out control tokens, and numbers that are no token", () => {
    expect(detokenizer.decode([1, 15043, 2, 32_767, 0])).toBe("Hello");
    expect(detokenizer.decode([])).toBe("");
  });
});

describe("the model", { timeout: 60_000 }, () => {
  const speaker = new Speaker();
  let moonshine: Moonshine;
  beforeAll(async () => {
    moonshine = await Moonshine.load();
  });
  afterAll(() => speaker.close());

  it("hears what is said, and how sure it is", async () => {
    const heard = await moonshine.decode(await speaker.say("Please turn on the kitchen lights."));
    expect(wordsOf(heard.text)).toEqual("please turn on the kitchen lights".split(" "));
    expect(heard.confidence).toBeGreaterThan(0.7);
    expect(heard.confidence).toBeLessThanOrEqual(1);
    expect(heard.silence).toBeLessThan(0.5);
    expect(isNoise(heard)).toBe(false);
  });

  it("hears a single word", async () => {
    expect(wordsOf((await moonshine.decode(await speaker.say("Yes."))).text)).toEqual(["yes"]);
  });

  it("hears the same whatever silence is there already: more of it makes short words doubtful", async () => {
    const word = await speaker.say("Yes.");
    const between = (ms: number, after: number) =>
      moonshine.decode(inSequence(quiet(16_000, ms), word, quiet(16_000, after)));
    const heard = await between(100, 100);
    expect(wordsOf(heard.text)).toEqual(["yes"]);
    expect(await between(300, 240)).toEqual(heard);
  });

  it("tells noise from speech", async () => {
    for (const [ms, level] of [
      [300, 1_500],
      [1_500, 300],
      [3_000, 1_500],
      [6_000, 5_000],
    ] as const) {
      expect(isNoise(await moonshine.decode(whiteNoise(16_000, ms, level)))).toBe(true);
    }
    for (const word of ["Yes.", "No.", "Okay."]) {
      expect(isNoise(await moonshine.decode(await speaker.say(word)))).toBe(false);
    }
  });

  it("takes notes and other scripts for nothing", () => {
    expect(["♪♪♪", "你", "...", ""].map(englishOnly)).toEqual(["", "", "", ""]);
    expect(["I", "42.", "Naïve"].map(englishOnly)).toEqual(["I", "42.", "Naïve"]);
  });

  it("says no more than can be said in the time", async () => {
    for (const ms of [10, 3_000]) {
      const { tokens } = await moonshine.decode(whiteNoise(16_000, ms, 3_000));
      expect(tokens).toBeLessThanOrEqual(Math.max(6, (ms / 1000) * 6.5));
    }
  });

  it("stops between two tokens when it is told to", async () => {
    const abort = new AbortController();
    const decode = moonshine.decode(
      await speaker.say("One two three four five six seven eight nine ten."),
      abort.signal,
    );
    setImmediate(() => abort.abort(new Error("enough")));
    await expect(decode).rejects.toThrow("enough");
  });
});

describe("the model on WebAssembly", { timeout: 120_000 }, () => {
  it("hears the same, and stops when it is told to", async () => {
    const speaker = new Speaker();
    const moonshine = await Moonshine.load(findModel(), "wasm");
    for (const text of ["Please turn on the kitchen lights.", "Yes."]) {
      const heard = await moonshine.decode(await speaker.say(text));
      expect(wordsOf(heard.text)).toEqual(wordsOf(text));
      expect(isNoise(heard)).toBe(false);
    }
    expect(isNoise(await moonshine.decode(whiteNoise(16_000, 1_500, 300)))).toBe(true);
    const abort = new AbortController();
    const decode = moonshine.decode(await speaker.say("One two three four five six."), abort.signal);
    setImmediate(() => abort.abort(new Error("enough")));
    await expect(decode).rejects.toThrow("enough");
    await speaker.close();
  });
});

describe("the files of the model", () => {
  it("are looked for where one says", async () => {
    const empty = mkdtempSync(join(tmpdir(), "moonshine-"));
    expect(() => findModel(empty)).toThrow(expect.objectContaining({ code: "model_not_found" }));
    for (const name of ["encoder_model.onnx", "decoder_model_merged.onnx"])
      writeFileSync(join(empty, name), "no model");
    await expect(Moonshine.load(findModel(empty))).rejects.toMatchObject({ code: "engine_failed" });
  });
});
