import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Speaker } from "../../packages/provider-moonshine/src/flite.fixture.ts";
import { wordErrors } from "../../packages/testing/src/index.ts";
import { type InstalledProject, installBy, pack } from "../pack.ts";

// Who has a package manager and no network but what the manager installs: a recogniser and a voice activity detector work, on WebAssembly.

const text = "Please turn on the kitchen lights.";
const speaker = new Speaker();
const samples = await speaker.say(text);
await speaker.close();

/** Hears the phrase as a pipeline would: finds the speech in it, and recognises it if that is asked for: it takes long to start. */
const program = (recognise: boolean): string => `
  import { readFileSync } from "node:fs";
  import { moonshineStt } from "@roomkit/provider-moonshine";
  import { sileroVad } from "@roomkit/vad-silero";
  const bytes = readFileSync("speech.raw");
  const samples = new Int16Array(16_000 + bytes.length / 2 + 16_000);
  for (let i = 0; i < bytes.length / 2; i++) samples[16_000 + i] = bytes.readInt16LE(2 * i);
  const frames = [];
  for (let at = 0; at < samples.length; at += 320)
    frames.push({ samples: samples.subarray(at, at + 320), sampleRate: 16_000, channels: 1, timestamp: at / 16 });
  const factory = sileroVad();
  await factory.warmUp();
  const vad = factory.open({ sampleRate: 16_000, channels: 1 });
  const events = [];
  for (const frame of frames) {
    events.push(vad.process(frame)?.type ?? []);
    await vad.idle();
  }
  async function* audio() { yield* frames; }
  const stt = moonshineStt();
  const texts = [];
  if (${recognise}) for await (const part of stt.transcribe(audio(), { signal: AbortSignal.timeout(50_000) }))
    if (part.type === "final") texts.push(part.text);
  const native = await sileroVad({ runtime: "native" }).warmUp().catch(({ code }) => code);
  console.log(JSON.stringify({ events: events.flat(), text: texts.join(" "), native }));
  // Not closed: its worker must not keep the process alive.
`;

const folder = mkdtempSync(join(tmpdir(), "roomkit-local-models-"));
let packed: ReadonlyMap<string, string>;
beforeAll(() => {
  packed = pack(["core", "worker-pool", "onnx", "provider-moonshine", "vad-silero"], folder);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(["npm", "pnpm", "yarn"] as const)(
  "the local models, installed by %s",
  { timeout: 180_000 },
  (manager) => {
    let project: InstalledProject | undefined;
    afterAll(() => project?.remove());

    it("hear, with nothing but what was installed", () => {
      project = installBy(manager, packed);
      writeFileSync(
        join(project.folder, "speech.raw"),
        new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
      );
      const heard = JSON.parse(project.run(program(manager === "npm")));
      expect(heard.events).toEqual(["speech-start", "speech-end"]);
      if (manager === "npm") expect(wordErrors(text, heard.text).errors).toBeLessThanOrEqual(1);
      expect(heard.native).toBe("missing_dependency");
    });

    it("run no script when they are installed, bring nothing native, and take less than 60 MB", () => {
      const files = [...(project as InstalledProject).files];
      const scripts = files.flatMap(([file]) =>
        file.endsWith("package.json") ? Object.keys(JSON.parse(readFileSync(file, "utf8")).scripts ?? {}) : [],
      );
      expect(scripts.filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
      expect(files.filter(([file]) => /\.(node|so|dll|dylib)$/.test(file))).toEqual([]);
      expect(files.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeLessThan(60e6);
    });
  },
);
