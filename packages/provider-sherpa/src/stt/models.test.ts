import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { checkModel, recognizerConfig } from "./models.ts";

const folder = mkdtempSync(join(tmpdir(), "roomkit-sherpa-"));
afterAll(() => rmSync(folder, { recursive: true }));
const onnx = (name: string): string => {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(
    path,
    Uint8Array.from({ length: 100 }, (_, i) => (i === 0 ? 8 : 7)),
  );
  return path;
};
const tokens = join(folder, "tokens.txt");
writeFileSync(tokens, "a 0\n");

const settings = { threads: 2, language: "de", endpointMs: 800 };

it("checks the files of every type", () => {
  const [encoder, decoder, joiner, model] = ["encoder", "decoder", "joiner", "model"].map(onnx) as [
    string,
    string,
    string,
    string,
  ];
  const complete = [
    { type: "whisper", encoder, decoder, tokens },
    { type: "sense-voice", model, tokens },
    { type: "transducer", encoder, decoder, joiner, tokens },
    { type: "streaming-transducer", encoder, decoder, joiner, tokens },
    { type: "streaming-zipformer-ctc", model, tokens },
    { type: "streaming-paraformer", encoder, decoder, tokens },
    { type: "moonshine-v1", preprocessor: model, encoder, uncachedDecoder: decoder, cachedDecoder: joiner, tokens },
  ] as const;
  for (const each of complete) {
    expect(() => checkModel(each)).not.toThrow();
    for (const name of Object.keys(each).filter((key) => key !== "type")) {
      const { [name as "tokens"]: _left, ...rest } = each;
      expect(() => checkModel(rest as never)).toThrow(expect.objectContaining({ code: "model_not_found" }));
    }
  }
});

it("writes the configuration the library reads", () => {
  expect(recognizerConfig({ type: "whisper", encoder: "e", decoder: "d", tokens: "t" }, settings)).toEqual({
    featConfig: { sampleRate: 16_000, featureDim: 80 },
    modelConfig: {
      whisper: { encoder: "e", decoder: "d", language: "de", task: "transcribe", tailPaddings: -1 },
      tokens: "t",
      numThreads: 2,
      provider: "cpu",
      debug: 0,
    },
  });
  const streaming = recognizerConfig({ type: "streaming-zipformer-ctc", model: "m", tokens: "t" }, settings);
  expect(streaming).toMatchObject({
    modelConfig: { zipformer2Ctc: { model: "m" } },
    enableEndpoint: 1,
    rule1MinTrailingSilence: 2.4,
    rule2MinTrailingSilence: 0.8,
  });
});
