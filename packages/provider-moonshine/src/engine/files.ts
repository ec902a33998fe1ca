import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RoomKitError } from "@roomkit/core";

/** The root of this package, from `src/engine` and from `dist/engine` alike. Not asked at once: a CommonJS bundle does not know it. */
const root = (): string => fileURLToPath(new URL("../../", import.meta.url));

export interface ModelFiles {
  readonly encoder: string;
  readonly decoder: string;
  /** The text of each token, a line each. */
  readonly tokens: string;
}

/**
 * The files of the model: those in `directory`, else those this package carries, else (in its repository, where they are not
 * checked in) those of the package they are taken from.
 *
 * @throws RoomKitError `model_not_found`
 */
export function findModel(directory?: string): ModelFiles {
  const packageRoot = root();
  const candidates =
    directory === undefined
      ? [
          join(packageRoot, "model"),
          join(packageRoot, "node_modules/@moonshine-ai/moonshine-js/dist/model/tiny/quantized"),
        ]
      : [directory];
  for (const candidate of candidates) {
    const encoder = join(candidate, "encoder_model.onnx");
    const decoder = join(candidate, "decoder_model_merged.onnx");
    if (existsSync(encoder) && existsSync(decoder)) {
      return { encoder, decoder, tokens: join(packageRoot, "assets/tokens.txt") };
    }
  }
  const wanted = "encoder_model.onnx and decoder_model_merged.onnx";
  throw new RoomKitError("model_not_found", `the Moonshine model (${wanted}) was not found`, {
    details: { candidates },
  });
}
