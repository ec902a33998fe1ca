import { afterAll, beforeAll, expect, it } from "vitest";
import { installPacked, type ScratchProject } from "../../../tools/pack.ts";
import { SILERO } from "./models.fixture.ts";

let project: ScratchProject | undefined;
let alone: ScratchProject | undefined;
const packages = ["core", "worker-pool", "provider-sherpa"];
beforeAll(() => {
  project = installPacked(packages, { "sherpa-onnx-node": "provider-sherpa" });
  alone = installPacked(packages);
}, 120_000);
afterAll(() => {
  project?.remove();
  alone?.remove();
});

const script = `
  import Module from "node:module";
  // The runner of these tests lets \`require\` find what the repository has installed.
  delete process.env.NODE_PATH;
  Module._initPaths();
  import { sherpaVad } from "@roomkit/provider-sherpa";
  const vad = sherpaVad({ model: ${JSON.stringify(SILERO)}, spare: 1 });
  await vad.warmUp().then(() => console.log("warm", vad.spares), (error) => console.log(error.code));
  const frame = { samples: new Int16Array(320), sampleRate: 16_000, channels: 1, timestamp: 0 };
  try {
    const stream = vad.open(frame);
    console.log(stream.process(frame) ?? "quiet");
    stream.close();
  } catch (error) {
    console.log(error.code);
  }
`;

it("works as published, worker process and all", { timeout: 60_000 }, () => {
  expect(project?.run(script)).toBe("warm 1\nquiet\n");
});

it("says what is missing where the library was not installed", { timeout: 60_000 }, () => {
  expect(alone?.run(script)).toBe("missing_dependency\nmissing_dependency\n");
});

it("carries code, and neither models nor tests", () => {
  const files = project?.contents("provider-sherpa") ?? [];
  expect(files).toContain("dist/native/worker.js");
  expect(files.filter((file) => /\.onnx$|test|fixture/.test(file))).toEqual([]);
  expect(project?.manifest("provider-sherpa")).toMatchObject({ peerDependencies: { "sherpa-onnx-node": "^1.13.8" } });
});
