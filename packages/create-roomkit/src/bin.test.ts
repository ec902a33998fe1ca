import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

// The program alone, without what it imports: what it says of an older Node it says before that.
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roomkit-bin-"));
  const source = readFileSync(new URL("bin.ts", import.meta.url), "utf8");
  writeFileSync(join(folder, "bin.mjs"), transformSync(source, { loader: "ts", format: "esm" }).code);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs it as if by a Node of that version. */
function run(version: string) {
  const fake = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
  writeFileSync(join(folder, "version.cjs"), fake);
  const args = ["--require", join(folder, "version.cjs"), join(folder, "bin.mjs")];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
}

it.each(["18.20.8", "20.18.3", "8.0.0"])("says what it needs on Node %s, and imports nothing", (version) => {
  const stderr = `create-roomkit: RoomKit needs Node >= 20.19; this is ${version}\n`;
  expect(run(version)).toEqual({ status: 1, stdout: "", stderr });
});

it.each(["20.19.0", "21.0.0", "22.22.2", "100.0.0"])("goes on with Node %s", (version) => {
  expect(run(version).stderr).toContain("Cannot find module");
});
