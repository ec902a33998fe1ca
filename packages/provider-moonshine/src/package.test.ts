import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wordErrors } from "@roomkit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPacked, type ScratchProject } from "../../../tools/pack.ts";
import { Speaker } from "./flite.fixture.ts";

describe("the published package", { timeout: 120_000 }, () => {
  let project: ScratchProject;
  beforeAll(() => {
    project = installPacked(["core", "worker-pool", "provider-moonshine"], {
      "onnxruntime-node": "provider-moonshine",
    });
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
      "@roomkit/worker-pool",
      "onnxruntime-node",
    ]);
    for (const range of Object.values(dependencies as object)) expect(range).toMatch(/^[\^\d]/);
    expect(JSON.stringify(exports)).not.toContain("src/");
  });

  it("recognises speech where nothing else is installed", async () => {
    const speaker = new Speaker();
    const text = "Please turn on the kitchen lights.";
    const samples = await speaker.say(text);
    await speaker.close();
    writeFileSync(
      join(project.folder, "speech.raw"),
      new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
    );
    const heard = project.run(`
      import { readFileSync } from "node:fs";
      import { moonshineStt } from "@roomkit/provider-moonshine";
      const bytes = readFileSync("speech.raw");
      const samples = Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i));
      async function* audio() { yield { samples, sampleRate: 16000, channels: 1, timestamp: 0 }; }
      const stt = moonshineStt();
      for await (const part of stt.transcribe(audio(), { signal: new AbortController().signal }))
        if (part.type === "final") console.log(part.text);
      // Not closed: its worker must not keep the process alive.
    `);
    expect(wordErrors(text, heard).errors).toBeLessThanOrEqual(1);
  });
});
