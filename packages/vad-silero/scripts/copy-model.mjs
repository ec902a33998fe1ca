// Puts the weights and their licence into model/, from where the published package loads them. Runs before packing.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Silero VAD v5 as @ricky0123/vad-web 0.0.31 carries it; another file under this name is not what was tested. */
const sha256 = "2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f";
const name = "silero_vad_v5.onnx";

const source = createRequire(import.meta.url).resolve(`@ricky0123/vad-web/dist/${name}`);
const weights = readFileSync(source);
const found = createHash("sha256").update(weights).digest("hex");
if (found !== sha256) throw new Error(`${name} has the checksum ${found}, not ${sha256}`);

const folder = new URL("../model/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [file, content] of [
  [name, weights],
  ["LICENSE", readFileSync(new URL("silero-vad.license.txt", import.meta.url))],
]) {
  // Renamed into place: whoever reads meanwhile sees the whole file or none.
  const partial = new URL(`../.${file}.${process.pid}.partial`, import.meta.url);
  writeFileSync(partial, content);
  renameSync(partial, new URL(file, folder));
}
