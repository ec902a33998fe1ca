// Assembles src/resample/kernel.wat into src/resample/kernel-bytes.ts. Run it after a change of the former.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import wabt from "wabt";

const folder = new URL("../src/resample/", import.meta.url);

/** The text of kernel-bytes.ts that belongs to kernel.wat. */
export async function kernelBytesSource() {
  const assembler = await wabt();
  const module = assembler.parseWat("kernel.wat", readFileSync(new URL("kernel.wat", folder), "utf8"), { simd: true });
  const base64 = Buffer.from(module.toBinary({}).buffer).toString("base64");
  module.destroy();
  const lines = base64.match(/.{1,110}/g) ?? [];
  return [
    "// Generated from kernel.wat by scripts/build-kernel.mjs; do not edit.",
    "",
    "/** The assembled kernel.wat, base64. */",
    "export const kernelBase64: string = [",
    ...lines.map((line) => `  "${line}",`),
    '].join("");',
    "",
  ].join("\n");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(new URL("kernel-bytes.ts", folder), await kernelBytesSource());
}
