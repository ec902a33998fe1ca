import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";
import { checkPackage } from "../boundaries/check.ts";
import { readBuiltFolders, readWorkspace } from "../boundaries/workspace.ts";
import { apiReport, reportFile } from "../releases/api-report.ts";
import { pendingChangesets } from "../releases/changesets.ts";
import { createPackage, kinds, newPackage } from "./create.ts";

describe("a command line", () => {
  it.each([
    ["provider acme", undefined, { folder: "provider-acme", template: "stt", name: "acme" }],
    ["provider acme-voice", "tts", { folder: "provider-acme-voice", template: "tts", name: "acme-voice" }],
    ["stage denoiser-acme", undefined, { folder: "denoiser-acme", template: "stage", name: "denoiser-acme" }],
  ])("%s --kind %s is taken", (line, kind, made) => {
    expect(newPackage(line.split(" ")[0], line.split(" ")[1], kind)).toEqual(made);
  });
  it.each([
    ["", undefined, /name/],
    ["provider", undefined, /name/],
    ["provider Acme", undefined, /small letters/],
    ["provider ../acme", undefined, /small letters/],
    ["provider 11voices", undefined, /begins with a letter/],
    ["provider acme", "ears", /stt, tts, ai, realtime/],
    ["channel acme", undefined, /provider or stage/],
    ["stage sparkle", undefined, /begins with its kind/],
  ])("%s --kind %s is refused in a sentence", (line, kind, says) => {
    expect(() => newPackage(line.split(" ")[0], line.split(" ")[1], kind)).toThrow(says);
  });
});

it("leaves what is there alone, and nothing behind where it fails", () => {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-new-"));
  try {
    mkdirSync(join(folder, "packages/provider-acme"), { recursive: true });
    expect(() => createPackage(folder, newPackage("provider", "acme"))).toThrow(/there already/);
    expect(() => createPackage(folder, newPackage("provider", "other"))).toThrow();
    expect(existsSync(join(folder, "packages/provider-other"))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("new packages", { timeout: 300_000 }, () => {
  const made = [
    ...kinds.map((kind) => newPackage("provider", `acme-${kind}`, kind)),
    newPackage("stage", "denoiser-acme"),
  ];
  const folders = made.map(({ folder }) => `packages/${folder}`);
  // Of this repository what they are made of and listed in; what they depend on is linked, and nothing else.
  const folder = mkdtempSync(join(tmpdir(), "roomkit-new-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (program: string, ...args: string[]): string => {
    const options = { cwd: folder, encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } } as const;
    const { status, stdout, stderr } = spawnSync(join(root, "node_modules/.bin", program), args, options);
    if (status !== 0) throw new Error(`${program}: ${stdout}${stderr}`);
    return stdout;
  };

  beforeAll(() => {
    const neighbours = ["packages/agc/package.json", "packages/provider-ai-sdk/package.json"];
    // Vite reads what a tsconfig refers to.
    const referenced = ["packages/core/tsconfig.json", "packages/provider-utils/tsconfig.json"];
    const files = ["README.md", "tsconfig.base.json", "tsconfig.test.json", "biome.json", ".gitignore"];
    for (const file of [...files, ...neighbours, ...referenced]) cpSync(join(root, file), join(folder, file));
    writeFileSync(join(folder, "tsconfig.json"), '{ "files": [], "references": [] }');
    mkdirSync(join(folder, ".changeset"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    for (const each of made) {
      createPackage(folder, each);
      install(join(folder, "packages", each.folder));
    }
    for (const neighbour of ["agc", "provider-ai-sdk"])
      rmSync(join(folder, "packages", neighbour), { recursive: true });
    mkdirSync(join(folder, "apps"));
    // As `npm run new` does.
    run("biome", "check", "--write", ...folders, "README.md", "tsconfig.json");
  }, 120_000);

  it("are built, listed, told of and described", () => {
    expect(readBuiltFolders(folder)).toEqual(expect.arrayContaining(folders));
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    for (const path of folders) expect(readme).toContain(`](${path})`);
    const named = [...pendingChangesets(folder).values()].flat();
    expect(named).toEqual(expect.arrayContaining(made.map((each) => `@roomkit/${each.folder}`)));
    for (const { folder: name } of made)
      expect(readFileSync(reportFile(folder, name), "utf8")).toBe(apiReport(folder, name));
  });

  it("keep the boundaries", () => {
    const workspace = readWorkspace(folder).filter(({ path }) => folders.includes(path));
    expect(workspace).toHaveLength(made.length);
    expect(workspace.flatMap(checkPackage)).toEqual([]);
  });

  it("compile, tests and all", () => {
    const more = { incremental: false, rootDir: null };
    const published = { ...more, declaration: true, isolatedDeclarations: true, allowJs: false, checkJs: false };
    // Tests are not compiled for others.
    for (const [name, compilerOptions, include] of [
      ["sources", published, folders.map((path) => `${path}/src/index.ts`)],
      ["tests", more, folders.map((path) => `${path}/src/**/*.test.ts`)],
    ] as const) {
      const config = `tsconfig.${name}.json`;
      writeFileSync(
        join(folder, config),
        JSON.stringify({ extends: "./tsconfig.test.json", compilerOptions, include }),
      );
      run("tsc", "-p", config);
    }
  });

  it("pass the conformance suites, and say what is left to do", () => {
    // Of vitest.config.ts what these tests need: they have no stand-ins of vendors to prepare.
    const config = `
      import { defaultServerConditions } from "vite";
      const conditions = ["@roomkit/source", ...defaultServerConditions];
      export default { resolve: { conditions }, ssr: { resolve: { conditions } }, test: { testTimeout: 90_000 } };`;
    writeFileSync(join(folder, "vitest.config.mjs"), config);
    const report = JSON.parse(run("vitest", "run", "--reporter=json", ...folders));
    expect(report).toMatchObject({ success: true, numFailedTests: 0 });
    const files: readonly { name: string; assertionResults: readonly { status: string }[] }[] = report.testResults;
    for (const path of folders) {
      const results = files.filter(({ name }) => name.includes(`/${path}/`)).flatMap((file) => file.assertionResults);
      const count = (status: string): number => results.filter((each) => each.status === status).length;
      // Those of a suite, and more.
      expect(count("passed"), path).toBeGreaterThan(10);
      expect(count("todo"), path).toBeGreaterThan(0);
    }
  });
});

/** Links what a package says it needs, as pnpm would. */
function install(path: string): void {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const link = join(path, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    const own = name.startsWith("@roomkit/");
    symlinkSync(join(root, "packages", own ? name.slice(9) : `provider-utils/node_modules/${name}`), link);
  }
}
