// Copies the runtime into the package before it is packed: whoever installs it gets the WebAssembly with it.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const from = join(root, "node_modules/onnxruntime-web/dist");
const to = join(root, "assets");

/** The files as published with onnxruntime-web 1.20.1; another version must be looked at, and measured, before it is shipped. */
const files = {
  "ort.wasm.min.mjs": "f53ed479",
  "ort-wasm-simd-threaded.mjs": "745eb7c0",
  "ort-wasm-simd-threaded.wasm": "207d02be",
};

mkdirSync(to, { recursive: true });
for (const [name, begin] of Object.entries(files)) {
  const source = join(from, name);
  const hash = createHash("sha256").update(readFileSync(source)).digest("hex");
  if (!hash.startsWith(begin)) throw new Error(`${name} is not the runtime that was tested: sha256 ${hash}`);
  // Renamed into place: whoever packs meanwhile sees the whole file or none.
  const partial = join(root, `.${name}.${process.pid}.partial`);
  copyFileSync(source, partial);
  renameSync(partial, join(to, name));
}
