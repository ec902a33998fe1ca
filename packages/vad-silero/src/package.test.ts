import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readModel } from "./model-file.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "roomkit-vad-silero-"));

beforeAll(async () => {
  const pnpm = fileURLToPath(new URL("../../../node_modules/pnpm/bin/pnpm.cjs", import.meta.url));
  await run(process.execPath, [pnpm, "pack", "--pack-destination", folder], { cwd: root });
  const [tarball] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  await run("tar", ["-xzf", join(folder, String(tarball)), "-C", folder]);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const packed = (file: string): string => join(folder, "package", file);

it("the published package carries the weights and their licence", () => {
  const digest = createHash("sha256")
    .update(readFileSync(packed("model/silero_vad_v5.onnx")))
    .digest("hex");
  expect(digest).toBe("2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f");
  expect(readFileSync(packed("model/LICENSE"), "utf8")).toContain("Copyright (c) 2020-present Silero Team");
  expect(readdirSync(packed("model")).sort()).toEqual(["LICENSE", "silero_vad_v5.onnx"]);
});

it("it finds them there, without the package they were copied from", async () => {
  // Outside the repository nothing else can be resolved.
  const weights = await readModel(pathToFileURL(packed("src/model-file.ts")).href);
  expect(weights).toHaveLength(2_327_524);
});

it("it depends on what it uses, and on nothing of the workspace's layout", () => {
  const manifest = JSON.parse(readFileSync(packed("package.json"), "utf8"));
  expect(Object.keys(manifest.dependencies).sort()).toEqual(["@roomkit/core", "@roomkit/onnx"]);
  expect(JSON.stringify([manifest.dependencies, manifest.exports])).not.toMatch(/workspace:|catalog:|@roomkit\/source/);
  expect(existsSync(packed("scripts"))).toBe(false);
  expect(readdirSync(packed("src")).filter((file) => /test|fixture/.test(file))).toEqual([]);
});
