// Copies the model and its licence into the package before it is packed: whoever installs it gets the weights with it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const from = join(root, "node_modules/@moonshine-ai/moonshine-js");
const to = join(root, "model");

/** The files as published with moonshine-js 0.1.29; another version must be looked at, and measured, before it is shipped. */
const files = {
  "encoder_model.onnx": "c6fc4b7b",
  "decoder_model_merged.onnx": "eed87831",
};

/** Renamed into place: whoever packs meanwhile sees the whole file or none. */
function put(name, content) {
  const partial = join(root, `.${name}.${process.pid}.partial`);
  writeFileSync(partial, content);
  renameSync(partial, join(to, name));
}

mkdirSync(to, { recursive: true });
for (const [name, begin] of Object.entries(files)) {
  const source = join(from, "dist/model/tiny/quantized", name);
  const content = readFileSync(source);
  const hash = createHash("sha256").update(content).digest("hex");
  if (!hash.startsWith(begin)) throw new Error(`${name} is not the model that was tested: sha256 ${hash}`);
  put(name, content);
}
const licence = readFileSync(join(from, "LICENSE"), "utf8");
const english = licence.slice(licence.indexOf("MIT License"), licence.indexOf("SECTION 2 -")).replace(/-*\s*$/, "");
if (!english.includes("Permission is hereby granted")) throw new Error("the licence of the model is not where it was");
put("LICENSE", `Moonshine tiny (English), int8, from @moonshine-ai/moonshine-js 0.1.29.\n\n${english}\n`);
