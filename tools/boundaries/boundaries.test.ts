import { describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";
import { checkPackage } from "./check.ts";
import { circlesOf } from "./circles.ts";
import { importsOf, type Manifest, type Package, readBuiltFolders, readWorkspace, type Source } from "./workspace.ts";

const workspace = readWorkspace(root);

describe("this repository", () => {
  it.each(workspace.map((pkg) => [pkg.path, pkg] as const))("%s keeps its boundaries", (_path, pkg) => {
    expect(checkPackage(pkg)).toEqual([]);
  });

  it("builds every package and app", () => {
    // The site has no sources: VitePress builds it.
    const built = workspace.filter(({ sources }) => sources.length > 0);
    expect(readBuiltFolders(root).sort()).toEqual(built.map(({ path }) => path).sort());
  });
});

describe("the checks", () => {
  it("accept a well-made leaf", () => {
    expect(checkPackage(leaf())).toEqual([]);
  });

  it("refuse a leaf that depends on a leaf", () => {
    const manifest = { dependencies: { "@roomkit/core": "workspace:^", "@roomkit/codec-mulaw": "workspace:^" } };
    const tsconfig = { references: [{ path: "../core" }, { path: "../codec-mulaw" }] };
    expect(checkPackage(leaf({ manifest, tsconfig }))).toEqual([
      "packages/vad-made-up/package.json: must not depend on @roomkit/codec-mulaw",
    ]);
  });

  it("refuse a leaf that imports a leaf it only has for its tests", () => {
    const manifest = { devDependencies: { "@roomkit/codec-mulaw": "workspace:^", "@roomkit/testing": "workspace:^" } };
    const imports = ["@roomkit/codec-mulaw", "@roomkit/testing"];
    const sources = [source({ path: "src/a.ts", imports }), source({ path: "src/a.test.ts", imports })];
    expect(checkPackage(leaf({ manifest, sources }))).toEqual([
      "packages/vad-made-up/src/a.ts: must not import @roomkit/codec-mulaw",
      "packages/vad-made-up/src/a.ts: must not import @roomkit/testing",
    ]);
  });

  it("let a backend use the protocol and a provider its utilities, and nobody else", () => {
    const onProtocol = {
      manifest: { dependencies: { "@roomkit/protocol": "workspace:^" } },
      tsconfig: { references: [{ path: "../protocol" }] },
    };
    expect(checkPackage(leaf({ ...onProtocol, folder: "backend-made-up" }))).toEqual([]);
    expect(checkPackage(leaf({ ...onProtocol, folder: "provider-made-up" }))).toEqual([
      "packages/provider-made-up/package.json: must not depend on @roomkit/protocol",
    ]);
    const onUtilities = {
      manifest: { dependencies: { "@roomkit/provider-utils": "workspace:^" } },
      tsconfig: { references: [{ path: "../provider-utils" }] },
    };
    expect(checkPackage(leaf({ ...onUtilities, folder: "provider-made-up" }))).toEqual([]);
    expect(checkPackage(leaf({ ...onUtilities, folder: "codec-made-up" }))).toHaveLength(1);
  });

  it("refuse a package that is built on the one that holds all of them", () => {
    const manifest = { dependencies: { "@roomkit/core": "workspace:^", roomkit: "workspace:^" } };
    const sources = [source({ imports: ["roomkit"] })];
    expect(
      checkPackage(
        leaf({ manifest, sources, tsconfig: { references: [{ path: "../core" }, { path: "../roomkit" }] } }),
      ),
    ).toEqual([
      "packages/vad-made-up/package.json: must not depend on roomkit",
      "packages/vad-made-up/src/index.ts: must not import roomkit",
    ]);
  });

  it("refuse web frameworks, except to tests", () => {
    const dependencies = { "@roomkit/core": "workspace:^", express: "^5.0.0" };
    expect(checkPackage(leaf({ manifest: { dependencies } }))).toEqual([
      "packages/vad-made-up/package.json: must not depend on the web framework express",
    ]);
    const sources = [source({ path: "src/a.test.ts", imports: ["express"] })];
    expect(checkPackage(leaf({ manifest: { devDependencies: { express: "^5.0.0" } }, sources }))).toEqual([]);
  });

  it.each(["core", "protocol"])("let %s depend on nothing", (folder) => {
    const manifest = { dependencies: { zod: "^4.0.0", "@roomkit/pipeline": "workspace:^" } };
    const tsconfig = { references: [{ path: "../pipeline" }] };
    expect(checkPackage(leaf({ folder, manifest, tsconfig }))).toEqual([
      `packages/${folder}/package.json: must not depend on zod: this package has no dependencies`,
      `packages/${folder}/package.json: must not depend on @roomkit/pipeline`,
    ]);
  });

  it("keep platforms out of what runs everywhere", () => {
    const manifest = { dependencies: {} };
    const tsconfig = { compilerOptions: { types: ["node"], lib: ["ES2023", "DOM"] } };
    const sources = [
      source({ imports: ["node:fs", "fs/promises"] }),
      source({ path: "src/a.test.ts", imports: ["fs"] }),
    ];
    expect(checkPackage(leaf({ folder: "core", manifest, tsconfig, sources }))).toEqual([
      "packages/core/tsconfig.json: must not see the Node types",
      "packages/core/tsconfig.json: must not see the DOM types",
      "packages/core/src/index.ts: must not import node:fs: this package is for every runtime",
      "packages/core/src/index.ts: must not import fs/promises: this package is for every runtime",
    ]);
    const client = leaf({ folder: "client", manifest, tsconfig: {}, sources: [source({ imports: ["node:fs"] })] });
    expect(checkPackage(client)).toEqual([
      "packages/client/src/index.ts: must not import node:fs: this package is for browsers",
    ]);
  });

  it("keep core a plain dependency in the workspace's own version", () => {
    const manifest = { dependencies: {}, peerDependencies: { "@roomkit/core": "^0.1.0" } };
    expect(checkPackage(leaf({ manifest, tsconfig: {} }))).toEqual([
      "packages/vad-made-up/package.json: @roomkit/core must be a plain dependency, not a peer",
      'packages/vad-made-up/package.json: @roomkit/core must be "workspace:^"',
    ]);
  });

  it("want every import declared, and none that leaves the package", () => {
    const imports = ["ws", "@scope/name/deep", "../../core/src/index.ts", "./b.ts", "@roomkit/core"];
    const sources = [source({ imports }), source({ path: "src/a.test.ts", imports: ["vitest", "ws"] })];
    expect(checkPackage(leaf({ sources }))).toEqual([
      "packages/vad-made-up/src/index.ts: imports ws, which its manifest does not declare",
      "packages/vad-made-up/src/index.ts: imports @scope/name, which its manifest does not declare",
      "packages/vad-made-up/src/index.ts: ../../core/src/index.ts leaves the package",
      "packages/vad-made-up/src/a.test.ts: imports ws, which its manifest does not declare",
    ]);
  });

  it("want README, licence, module type, files and exports", () => {
    const manifest = { license: "UNLICENSED", type: "commonjs", sideEffects: true, files: ["dist"], exports: {} };
    const wrong = checkPackage({ ...leaf({ manifest }), readme: undefined });
    for (const part of [
      "license",
      "type must",
      "sideEffects",
      "files must list src",
      'exports must have "."',
      "README",
    ]) {
      expect(wrong).toContainEqual(expect.stringContaining(part));
    }
  });

  it("want published exports to be the workspace's without the source condition", () => {
    const target = { "@roomkit/source": "./src/stt.ts", types: "./dist/stt.d.ts", default: "./dist/stt.js" };
    const { exports, publishConfig } = leaf().manifest;
    expect(checkPackage(leaf({ manifest: { exports: { ...exports, "./stt": target } } }))).toEqual([
      'packages/vad-made-up/package.json: publishConfig.exports["./stt"] must be the same without @roomkit/source',
    ]);
    const leaking = { publishConfig: { exports: { ...publishConfig?.exports, ".": exports?.["."] } } };
    expect(checkPackage(leaf({ manifest: leaking }))).toHaveLength(1);
    const unordered = { exports: { ...exports, ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } } };
    expect(checkPackage(leaf({ manifest: unordered }))).toHaveLength(1);
  });

  it("want the compiler's references to follow the manifest", () => {
    expect(checkPackage(leaf({ tsconfig: { references: [{ path: "../pipeline" }] } }))).toEqual([
      "packages/vad-made-up/tsconfig.json: must reference @roomkit/core, a dependency",
      "packages/vad-made-up/tsconfig.json: references pipeline, which is no dependency",
    ]);
  });

  it("want sources short, and let tests be long", () => {
    const sources = [source({ lines: 350 }), source({ path: "src/long.ts", lines: 351 })];
    expect(checkPackage(leaf({ sources: [...sources, source({ path: "src/a.test.ts", lines: 900 })] }))).toEqual([
      "packages/vad-made-up/src/long.ts: 351 lines, more than 350; split it by responsibility",
    ]);
  });

  it("refuse files that import each other in a circle, whichever way they import", () => {
    const sources = [
      source({ path: "src/index.ts", imports: ["./a.ts"] }),
      source({ path: "src/a.ts", imports: ["@roomkit/core", "./deep/b.ts"] }),
      source({ path: "src/deep/b.ts", imports: ["../c.ts", "./b.ts"] }),
      source({ path: "src/c.ts", imports: ["./a.ts", "./gone.ts"] }),
      source({ path: "src/d.ts", imports: ["./c.ts", "./d.ts"] }),
    ];
    const told = [
      "packages/vad-made-up: these import each other in a circle: src/a.ts -> src/deep/b.ts -> src/c.ts -> src/a.ts",
      "packages/vad-made-up: these import each other in a circle: src/d.ts -> src/d.ts",
    ];
    expect(checkPackage(leaf({ sources }))).toEqual(told);
    const app = { ...leaf({ sources }), path: "apps/made-up" };
    expect(checkPackage(app).filter((problem) => problem.includes("circle"))).toHaveLength(2);
  });

  it.each<[string, Record<string, string[]>, string[]]>([
    ["none in a chain", { a: ["b"], b: ["c"], c: [] }, []],
    ["none in a diamond", { a: ["b", "c"], b: ["d"], c: ["d"], d: [] }, []],
    ["two that meet", { a: ["b"], b: ["a"] }, ["a b a"]],
    ["one beside another", { a: ["b"], b: ["a", "c"], c: ["d"], d: ["c"] }, ["a b a", "c d c"]],
    ["the shortest way round", { a: ["b", "c"], b: ["c"], c: ["a"] }, ["a c a"]],
    ["a knot once", { a: ["b"], b: ["a", "c"], c: ["b"] }, ["a b a"]],
    ["one that leads into a circle is not in it", { a: ["b"], b: ["c"], c: ["b"] }, ["b c b"]],
  ])("find circles: %s", (_name, graph, expected) => {
    expect(circlesOf(new Map(Object.entries(graph))).map((circle) => circle.join(" "))).toEqual(expected);
  });

  it("know every kind of package", () => {
    expect(checkPackage(leaf({ folder: "gadget-made-up" }))).toEqual([
      "packages/gadget-made-up: no rule knows this kind of package; add it to tools/boundaries/rules.ts",
    ]);
  });

  it("see every way of importing", () => {
    const text = `
      import a from "a"; import type { B } from "b"; import "c"; export * from "d"; export type { E } from "e";
      const f = await import("f"); const g: import("g").G = require("h"); // import "not-a-comment";
    `;
    expect(importsOf(text).sort()).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"]);
  });
});

function source(changes: Partial<Source> = {}): Source {
  return { path: "src/index.ts", lines: 10, imports: [], ...changes };
}

/** A package without fault, and what a test changes about it. */
function leaf(
  changes: { folder?: string; manifest?: Partial<Manifest>; tsconfig?: Package["tsconfig"]; sources?: Source[] } = {},
): Package {
  const folder = changes.folder ?? "vad-made-up";
  const published = { types: "./dist/index.d.ts", default: "./dist/index.js" };
  return {
    path: `packages/${folder}`,
    manifest: {
      name: `@roomkit/${folder}`,
      description: "Made up.",
      license: "MIT",
      type: "module",
      sideEffects: false,
      engines: { node: ">=20.19.0" },
      files: ["dist", "src", "!**/*.test.ts", "!**/*.fixture.ts"],
      exports: { ".": { "@roomkit/source": "./src/index.ts", ...published } },
      publishConfig: { exports: { ".": published } },
      dependencies: { "@roomkit/core": "workspace:^" },
      ...changes.manifest,
    },
    tsconfig: changes.tsconfig ?? { references: [{ path: "../core" }] },
    readme: `# @roomkit/${folder}\n`,
    sources: changes.sources ?? [source()],
  };
}
