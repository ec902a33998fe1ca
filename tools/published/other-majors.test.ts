import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";

// Majors of peers that a package accepts beside the one its tests install. The suites with the newest of them: `npm run test:newest-sdks`.

const scratch = mkdtempSync(join(tmpdir(), "roomkit-majors-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each([
  {
    name: "react",
    peer: "React 18",
    paths: { react: "@types/react-18/index.d.ts", "react/jsx-runtime": "@types/react-18/jsx-runtime.d.ts" },
    there: /react-18|react@18/,
    not: "react@19",
  },
  {
    name: "provider-openai",
    peer: "openai 7",
    paths: { openai: "openai-7/index.d.mts", "openai/*": "openai-7/*.d.mts" },
    there: /openai-7|openai@7/,
    not: "openai@6",
  },
  {
    name: "provider-gemini",
    peer: "@google/genai 3",
    paths: { "@google/genai": "genai-3/dist/node/node.d.ts" },
    there: /genai-3|genai@3/,
    not: "genai@2",
  },
])("@roomkit/$name", ({ name, peer, paths, there, not }) => {
  it(`compiles with the types of ${peer}`, { timeout: 120_000 }, () => {
    const folder = join(root, "packages", name);
    const config = {
      extends: join(folder, "tsconfig.json"),
      compilerOptions: {
        composite: false,
        incremental: false,
        noEmit: true,
        rootDir: root,
        customConditions: ["@roomkit/source"],
        typeRoots: [join(root, "node_modules/@types")],
        paths: Object.fromEntries(
          Object.entries(paths).map(([from, to]) => [from, [join(folder, "node_modules", to)]]),
        ),
      },
      include: [join(folder, "src")],
      exclude: ["test", "fixture"].map((kind) => join(folder, `src/**/*.${kind}.ts*`)),
      references: [],
    };
    const file = join(scratch, `${name}.json`);
    writeFileSync(file, JSON.stringify(config));
    const tsc = join(root, "node_modules/@typescript/native/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", file, "--listFiles"], { cwd: root, encoding: "utf8" });
    const lines = stdout.split("\n");
    expect(lines.filter((line) => line.includes("error TS"))).toEqual([]);
    expect(lines.some((line) => there.test(line))).toBe(true);
    expect(lines.filter((line) => line.includes(not))).toEqual([]);
  });
});
