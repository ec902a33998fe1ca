import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalRegistry, startRegistry } from "../registry.ts";
import { refusals } from "./refusals.ts";
import { type Scratch, scratchCopy } from "./scratch.ts";
import { foldersOf, manifestOf, publish, version } from "./steps.ts";

describe("a release, of a few packages to a registry on this machine", { timeout: 240_000 }, () => {
  // Little is installed for these; versions are set for all packages.
  const only = ["core", "codec-mulaw", "protocol", "transport-utils", "backend-ws"].map((name) => `@roomkit/${name}`);
  let scratch: Scratch;
  let registry: LocalRegistry;
  const folder = (name: string): string => foldersOf(scratch.folder).get(`@roomkit/${name}`) as string;
  const publishThem = (): readonly string[] => publish(scratch.folder, scratch.run, registry.env, only);
  const inRegistry = async (name: string): Promise<Record<string, { dependencies?: Record<string, string> }>> => {
    // The registry ends connections that are kept while this process is blocked by a program it runs.
    const answer = await fetch(`${registry.url}${name}`, { headers: { connection: "close" } });
    return ((await answer.json()) as { versions?: never }).versions ?? {};
  };

  beforeAll(async () => {
    scratch = scratchCopy(only);
    scratch.run("tsc", ["-b", ...only.map((name) => foldersOf(scratch.folder).get(name) as string)]);
    registry = await startRegistry();
  }, 240_000);
  afterAll(async () => {
    await registry?.close();
    scratch?.remove();
  });

  it("publishes what the registry does not have, what others depend on first, and only once", () => {
    const published = publishThem().map((each) => each.replace(/@[^@]+$/, ""));
    expect([...published].sort()).toEqual([...only].sort());
    for (const name of published) {
      const { dependencies = {} } = JSON.parse(
        readFileSync(join(foldersOf(scratch.folder).get(name) as string, "package.json"), "utf8"),
      );
      for (const dependency of Object.keys(dependencies).filter((each) => only.includes(each)))
        expect(published.indexOf(dependency), `${dependency} before ${name}`).toBeLessThan(published.indexOf(name));
    }
    expect(publishThem()).toEqual([]);
  });

  it("bumps the packages that changed and those whose range they leave, and says why", () => {
    const before = versionsOf(scratch.folder);
    for (const file of readdirSync(join(scratch.folder, ".changeset")).filter((name) => name.endsWith(".md")))
      rmSync(join(scratch.folder, ".changeset", file));
    const changeset =
      '---\n"@roomkit/protocol": minor\n"@roomkit/codec-mulaw": patch\n---\n\nA change for this test.\n';
    writeFileSync(join(scratch.folder, ".changeset/made-up.md"), changeset);
    scratch.commit("a change");

    const bumps = version(scratch.folder, scratch.run);
    const after = versionsOf(scratch.folder);
    const dependants = dependantsOf(scratch.folder, "@roomkit/protocol");
    expect(dependants).toContain("@roomkit/backend-ws");
    const expected = new Map<string, string>([
      ["@roomkit/protocol", next(before, "@roomkit/protocol", "minor")],
      ["@roomkit/codec-mulaw", next(before, "@roomkit/codec-mulaw", "patch")],
      ...dependants.map((name) => [name, next(before, name, "patch")] as const),
    ]);
    expect(new Map([...after].filter(([name, set]) => before.get(name) !== set))).toEqual(expected);
    expect(new Map(bumps.map(({ name, to }) => [name, to]))).toEqual(expected);
    expect(bumps.find(({ name }) => name === "@roomkit/protocol")?.why).toBe("made-up");
    expect(bumps.find(({ name }) => name === "@roomkit/client")?.why).toBe(
      `depends on @roomkit/protocol@${expected.get("@roomkit/protocol")}`,
    );
    // Those that depend on a dependant accept what became of it.
    expect(after.get("@roomkit/react")).toBe(before.get("@roomkit/react"));
  });

  it("writes changelogs, of exactly these, and uses the changeset up", () => {
    const { version: set } = manifestOf(folder("protocol"));
    const text = readFileSync(join(folder("protocol"), "CHANGELOG.md"), "utf8");
    expect(text).toMatch(
      new RegExp(`^# @roomkit/protocol\n\n## ${set}\n\n### Minor Changes\n\n- [0-9a-f]{7}: A change for this test\\.`),
    );
    expect(readFileSync(join(folder("client"), "CHANGELOG.md"), "utf8")).toMatch(
      new RegExp(`### Patch Changes\n\n- Updated dependencies \\[[0-9a-f]{7}\\]\n  - @roomkit/protocol@${set}\n`),
    );
    const changed = scratch.run("git", ["status", "--porcelain", "--untracked-files=all"]).split("\n").filter(Boolean);
    const named = changed.filter((line) => !/packages\/[\w-]+\/(package\.json|CHANGELOG\.md)$/.test(line));
    expect(named).toEqual([" D .changeset/made-up.md"]);
    // In the form that this repository's manifests have.
    const written = changed.map((line) => line.slice(3)).filter((file) => !file.startsWith(".changeset"));
    scratch.run("biome", ["format", ...written]);
    scratch.commit("versions");
  });

  it("goes on where a run ended half-way; until then what is there can be installed", async () => {
    const file = join(folder("transport-utils"), "package.json");
    const good = readFileSync(file, "utf8");
    writeFileSync(file, good.replace('"scripts": {', '"scripts": {\n    "prepublishOnly": "exit 1",'));
    expect(publishThem).toThrow();
    writeFileSync(file, good);

    const versions = versionsOf(scratch.folder);
    const there = async (name: string): Promise<boolean> => (versions.get(name) as string) in (await inRegistry(name));
    expect(await there("@roomkit/protocol")).toBe(true);
    expect(await there("@roomkit/transport-utils")).toBe(false);
    expect(await there("@roomkit/backend-ws")).toBe(false);

    const rest = publishThem();
    expect(rest).toContain(`@roomkit/backend-ws@${versions.get("@roomkit/backend-ws")}`);
    expect(rest.join()).not.toContain("@roomkit/protocol@");
    for (const name of only) expect(await there(name), name).toBe(true);
    expect(publishThem()).toEqual([]);
    const { dependencies } =
      (await inRegistry("@roomkit/backend-ws"))[versions.get("@roomkit/backend-ws") as string] ?? {};
    expect(dependencies?.["@roomkit/protocol"]).toBe(`^${versions.get("@roomkit/protocol")}`);
  });

  it("can be installed and imported, each in its new version", () => {
    const project = join(scratch.folder, "node_modules/.cache/user");
    mkdirSync(project, { recursive: true });
    writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
    const env = { ...process.env, ...registry.env, NODE_OPTIONS: "" };
    execFileSync("npm", ["install", "@roomkit/backend-ws", "@roomkit/codec-mulaw"], {
      cwd: project,
      env,
      stdio: "pipe",
    });
    const program =
      'const { WebSocketBackend } = await import("@roomkit/backend-ws"); const { mulaw } = await import("@roomkit/codec-mulaw"); console.log(typeof WebSocketBackend, mulaw().name);';
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: project, env });
    expect(printed.toString()).toBe("function mulaw\n");
    const versions = versionsOf(scratch.folder);
    for (const name of ["protocol", "transport-utils", "backend-ws", "codec-mulaw"])
      expect(manifestOf(join(project, "node_modules/@roomkit", name)).version).toBe(versions.get(`@roomkit/${name}`));
    // One copy of what both need.
    expect(readdirSync(join(project, "node_modules/@roomkit/backend-ws"))).not.toContain("node_modules");
  });
});

describe("what a release refuses", () => {
  const fine = {
    env: { CI: "true", ACTIONS_ID_TOKEN_REQUEST_URL: "https://there" },
    changed: [],
    changesets: [],
    manifests: [{ name: "@roomkit/core", repository: {} }],
  };
  it("is nothing where all is well", () => expect(refusals(fine)).toEqual([]));
  it.each([
    ["hands", { env: {} }, /CI is not set/],
    ["a job that cannot sign", { env: { CI: "true" } }, /id-token/],
    ["files that are not committed", { changed: [" M a", " M b", " M c", " M d"] }, /a, .* and 1 more/],
    ["changes without a version", { changesets: [".changeset/a.md"] }, /changeset -- version/],
    ["packages that name no repository", { manifests: [{ name: "@roomkit/core" }] }, /@roomkit\/core/],
  ])("is %s", (_what, wrong, says) => {
    const found = refusals({ ...fine, ...wrong });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(says);
  });
});

function versionsOf(root: string): ReadonlyMap<string, string> {
  return new Map([...foldersOf(root)].map(([name, path]) => [name, manifestOf(path).version]));
}

/** Those whose users get a package with them. */
function dependantsOf(root: string, name: string): readonly string[] {
  return [...foldersOf(root)].flatMap(([each, path]) => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    return name in dependencies ? [each] : [];
  });
}

function next(versions: ReadonlyMap<string, string>, name: string, type: "minor" | "patch"): string {
  const [major = 0, minor = 0, patch = 0] = (versions.get(name) ?? "").split(".").map(Number);
  return type === "minor" ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}
