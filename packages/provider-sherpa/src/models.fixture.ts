import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
  return (await spokenBy("rms", [text]))[0] as Int16Array;
}

/** Sentences of one of the synthetic voices `slt`, `rms` and `awb`, 16 kHz. */
export async function spokenBy(voice: string, texts: readonly string[]): Promise<Int16Array[]> {
  const tts = fliteTts({ workers: 1, voice, jobTimeoutMs: 60_000 });
  const say = async (text: string): Promise<Int16Array> => {
    async function* once(): AsyncGenerator<string> {
      yield text;
    }
    const frames: Int16Array[] = [];
    for await (const part of tts.synthesize(once(), { signal: AbortSignal.timeout(60_000) })) {
      if (part.type === "audio") frames.push(part.frame.samples);
    }
    return inSequence(...frames);
  };
  try {
    const all: Int16Array[] = [];
    for (const text of texts) all.push(await say(text));
    return all;
  } finally {
    await tts.close?.();
  }
}
