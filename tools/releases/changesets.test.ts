import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";
import { pendingChangesets, uncovered, whyUnchecked } from "./changesets.ts";

it("this repository says what changed: npm run changeset", { timeout: 120_000 }, ({ skip }) => {
  const why = whyUnchecked(root);
  if (why !== undefined) skip(why);
  expect(uncovered(root)).toEqual([]);
});

describe("the check of changesets", () => {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-changesets-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const git = (...args: string[]): void => void execFileSync("git", args, { cwd: folder, stdio: "pipe" });
  const commit = (): void => {
    git("add", "--all");
    git("-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "--quiet", "--no-gpg-sign", "-m", "more");
  };
  const changeset = (name: string, ...packages: string[]): void =>
    write(`.changeset/${name}.md`, `---\n${packages.map((each) => `"${each}": minor\n`).join("")}---\n\nWhy.\n`);

  beforeEach(() => {
    rmSync(folder, { recursive: true });
    for (const name of ["a", "b"]) {
      write(`packages/${name}/package.json`, JSON.stringify({ name: `@roomkit/${name}`, version: "0.2.0" }));
      write(`packages/${name}/src/index.ts`, "export const one = 1;\n");
      write(`packages/${name}/api.md`, "one\n");
      write(`packages/${name}/CHANGELOG.md`, `# @roomkit/${name}\n\n## 0.2.0\n`);
    }
    write(".changeset/config.json", "{}");
    git("init", "--quiet", "--initial-branch", "main");
    commit();
  });
  const release = (): void => {
    for (const name of ["a", "b"]) git("tag", `@roomkit/${name}@0.2.0`);
  };

  it("asks for one for a package that was never released", () => {
    rmSync(join(folder, "packages/a/CHANGELOG.md"));
    expect(uncovered(folder)).toEqual(["@roomkit/a: it was never released, and no changeset names it"]);
    changeset("first", "@roomkit/a");
    expect(uncovered(folder)).toEqual([]);
  });

  it("asks for nothing where versions were set and not yet published, or published and not changed since", () => {
    expect(uncovered(folder)).toEqual([]);
    release();
    write("packages/a/src/index.test.ts", "");
    write("packages/a/README.md", "");
    commit();
    expect(uncovered(folder)).toEqual([]);
  });

  it.each([
    ["committed", commit],
    ["not committed", () => {}],
  ])("asks for one for a source that changed since the release, %s", (_how, keep) => {
    release();
    write("packages/a/src/more.ts", "");
    keep();
    expect(uncovered(folder)).toEqual([
      "@roomkit/a: packages/a/src/more.ts changed since @roomkit/a@0.2.0, and no changeset names it",
    ]);
    changeset("other", "@roomkit/b");
    expect(uncovered(folder)).toHaveLength(1);
    changeset("this", "@roomkit/a", "@roomkit/b");
    expect(uncovered(folder)).toEqual([]);
  });

  it("asks for one of its own where a branch changes what a package exports", () => {
    changeset("old", "@roomkit/a");
    commit();
    git("switch", "--quiet", "--create", "branch");
    write("packages/a/api.md", "one and two\n");
    commit();
    const found = ["@roomkit/a: what it exports changed, and no changeset that is new here names it"];
    expect(uncovered(folder)).toEqual(found);
    changeset("new", "@roomkit/a");
    expect(uncovered(folder)).toEqual([]);
    commit();
    expect(uncovered(folder)).toEqual([]);
  });

  it("takes a first report for no change, except of a new package", () => {
    rmSync(join(folder, "packages/a/api.md"));
    commit();
    git("switch", "--quiet", "--create", "branch");
    write("packages/a/api.md", "one\n");
    write("packages/c/package.json", JSON.stringify({ name: "@roomkit/c", version: "0.1.0" }));
    write("packages/c/api.md", "one\n");
    expect(uncovered(folder)).toEqual([
      "@roomkit/c: it was never released, and no changeset names it",
      "@roomkit/c: what it exports changed, and no changeset that is new here names it",
    ]);
  });

  it("is not made in a shallow clone, without a main, or without git, and says so", () => {
    expect(whyUnchecked(folder)).toBeUndefined();
    write("more", "");
    commit();
    const shallow = join(folder, "shallow");
    git("clone", "--quiet", "--depth", "1", `file://${folder}`, shallow);
    expect(whyUnchecked(shallow)).toMatch(/shallow/);
    git("branch", "--move", "main", "other");
    expect(whyUnchecked(folder)).toMatch(/main/);
    rmSync(join(folder, ".git"), { recursive: true });
    expect(whyUnchecked(folder)).toMatch(/git/);
  });

  it("reads the packages of a changeset, scoped or not", () => {
    changeset("two", "@roomkit/a", "roomkit");
    expect(pendingChangesets(folder)).toEqual(new Map([[".changeset/two.md", ["@roomkit/a", "roomkit"]]]));
  });
});
