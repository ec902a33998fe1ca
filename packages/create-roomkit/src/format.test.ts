import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { root } from "../../../scripts/lib/run.mjs";
import { type Choices, models, places, recognisers, voices } from "./choices.ts";
import { managerOf } from "./manager.ts";
import { projectFiles, write } from "./project.ts";

const folder = mkdtempSync(join(tmpdir(), "roomkit-format-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every choice there is. */
const all: readonly Choices[] = places.flatMap(({ value: where }) => [
  ...models.realtime.map(
    ({ value: model }) => ({ where, how: "realtime", model, stt: "local", tts: "local" }) as const,
  ),
  ...models.voice.flatMap(({ value: model }) =>
    recognisers.flatMap(({ value: stt }) =>
      voices.map(({ value: tts }) => ({ where, how: "voice", model, stt, tts }) as const),
    ),
  ),
]);

const nameOf = (choices: Choices): string => Object.values(choices).join("-");
for (const choices of all)
  write(projectFiles(nameOf(choices), choices, managerOf("npm/11")), join(folder, nameOf(choices)));

it("every project is as a formatter with its defaults would have it", { timeout: 120_000 }, () => {
  expect(all.length).toBe(95);
  const rules = { formatter: { indentStyle: "space", lineWidth: 80 }, linter: { enabled: true } };
  writeFileSync(join(folder, "biome.json"), `${JSON.stringify({ root: true, ...rules }, null, 2)}\n`);
  const biome = join(root, "node_modules/.bin/biome");
  const args = ["check", "--error-on-warnings", "--colors=off", "."];
  const { status, stdout, stderr } = spawnSync(biome, args, { cwd: folder, encoding: "utf8" });
  expect(stderr).toMatch(/^Checked \d{3,4} files/);
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^(Checked.*)?$/)]);
});

it("every project is small, and installs what it imports and nothing else", () => {
  for (const choices of all) {
    const name = nameOf(choices);
    const files = projectFiles(name, choices, managerOf(undefined));
    for (const file of ["src/server.ts", "src/assistant.ts"]) {
      const lines = files.get(file)?.trimEnd().split("\n").length;
      expect(lines, `${name} ${file}`).toBeGreaterThanOrEqual(20);
      expect(lines, `${name} ${file}`).toBeLessThanOrEqual(60);
    }
    const code = [...files].filter(([file]) => /\.tsx?$/.test(file)).map(([, text]) => text);
    const imported = code.flatMap((text) => [...text.matchAll(/^(?:import|\}) .*?"([^".][^"]*)";$/gm)]);
    const names = new Set(imported.map(([, from = ""]) => from).filter((from) => !from.startsWith("node:")));
    const { dependencies } = JSON.parse(files.get("package.json") ?? "");
    // What others need beside them: SDKs, and what React and the AI SDK are made of.
    const beside = ["openai", "@google/genai", "react-dom", "zod"];
    const missing = [...names].filter((from) => !(from in dependencies));
    const more = Object.keys(dependencies).filter((each) => !names.has(each) && !beside.includes(each));
    expect([name, missing, more]).toEqual([name, [], []]);
  }
});

it("every project says which keys it wants", () => {
  for (const choices of all) {
    const files = projectFiles("app", choices, managerOf(undefined));
    const { model, stt, tts } = choices;
    const keys = [...(files.get("src/assistant.ts") ?? "").matchAll(/withKey\("(\w+)"/g)].map(([, key]) => key);
    expect(keys.length).toBe([model, stt, tts].filter((each) => each !== "local").length);
    for (const key of keys) {
      expect(files.get(".env.example")).toMatch(new RegExp(`^${key}=$`, "m"));
      expect(files.get("README.md")).toContain(`\`${key}\``);
    }
  }
});
