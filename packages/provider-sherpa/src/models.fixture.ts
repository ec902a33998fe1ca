import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withTimeout } from "@roomkit/core";
import { fliteTts } from "@roomkit/provider-flite";
import { inSequence } from "@roomkit/testing";
import tokenizer from "llama-tokenizer-js";

const here = createRequire(import.meta.url);

/** Silero VAD v5, as one npm package brings it. */
export const SILERO: string = here.resolve("@ricky0123/vad-web/dist/silero_vad_v5.onnx");

const moonshine = fileURLToPath(
  new URL("../node_modules/@moonshine-ai/moonshine-js/dist/model/tiny/quantized", import.meta.url),
);

/** Moonshine tiny, as another brings it, with the vocabulary in the form sherpa-onnx reads: a base64 token and its number a line. */
export function moonshineModel(): { encoder: string; mergedDecoder: string; tokens: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-sherpa-"));
  const tokens = join(folder, "tokens.txt");
  const { vocabById } = tokenizer as unknown as { vocabById: readonly string[] };
  writeFileSync(tokens, vocabById.map((token, id) => `${Buffer.from(token).toString("base64")} ${id}`).join("\n"));
  return {
    encoder: join(moonshine, "encoder_model.onnx"),
    mergedDecoder: join(moonshine, "decoder_model_merged.onnx"),
    tokens,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A sentence of a synthetic voice, 16 kHz. */
export async function spoken(text: string): Promise<Int16Array> {
  const tts = fliteTts({ workers: 1, voice: "rms" });
  async function* once(): AsyncGenerator<string> {
    yield text;
  }
  const frames: Int16Array[] = [];
  const collect = async (): Promise<void> => {
    for await (const part of tts.synthesize(once(), { signal: new AbortController().signal })) {
      if (part.type === "audio") frames.push(part.frame.samples);
    }
  };
  try {
    await withTimeout(collect(), 30_000, { what: "speaking" });
  } finally {
    await tts.close?.();
  }
  return inSequence(...frames);
}
