import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPacked, type ScratchProject } from "../../../tools/pack.ts";

describe("the published package", { timeout: 120_000 }, () => {
  let project: ScratchProject;
  beforeAll(() => {
    project = installPacked(["core", "worker-pool", "onnx", "provider-moonshine"]);
  }, 120_000);
  afterAll(() => project?.remove());

  it("holds its model, its licence, its tokens and its worker, and no tests", () => {
    const files = project.contents("provider-moonshine");
    expect(files).toEqual(
      expect.arrayContaining([
        "README.md",
        "assets/README.md",
        "assets/tokens.txt",
        "dist/engine/worker.js",
        "dist/index.d.ts",
        "dist/index.js",
        "model/LICENSE",
        "model/decoder_model_merged.onnx",
        "model/encoder_model.onnx",
        "package.json",
        "src/index.ts",
      ]),
    );
    expect(files.filter((file) => /\.(test|fixture)\.|tsbuildinfo|node_modules/.test(file))).toEqual([]);
  });

  it("holds the model that was measured, under the MIT licence alone", () => {
    const folder = join(project.folder, "node_modules/@roomkit/provider-moonshine/model");
    const hash = (name: string): string =>
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex");
    expect(hash("encoder_model.onnx")).toMatch(/^c6fc4b7b/);
    expect(hash("decoder_model_merged.onnx")).toMatch(/^eed87831/);
    const licence = readFileSync(join(folder, "LICENSE"), "utf8");
    expect(licence).toContain("Permission is hereby granted");
    expect(licence).not.toMatch(/COMMUNITY LICENSE/i);
  });

  it("depends on nothing that only this repository can install", () => {
    const { dependencies, exports } = project.manifest("provider-moonshine");
    expect(Object.keys(dependencies as object).sort()).toEqual([
      "@roomkit/core",
      "@roomkit/onnx",
      "@roomkit/worker-pool",
    ]);
    for (const range of Object.values(dependencies as object)) expect(range).toMatch(/^[\^\d]/);
    expect(JSON.stringify(exports)).not.toContain("src/");
  });
});
