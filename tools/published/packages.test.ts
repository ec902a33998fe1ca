import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";
import { packAll } from "../pack.ts";
import { type LocalRegistry, startRegistry } from "../registry.ts";
import { buildNext, buildPage, bundledSizes, bundleForNode } from "./bundles.ts";
import { loading, type Manager, managers, matrix, nodes, Project } from "./project.ts";
import { tooLarge } from "./sizes.ts";
import { lintTarball, readInTarball, sizesOf } from "./tarballs.ts";
import { compilers, complaints, resolutions } from "./types.ts";

// The packages as users get them: packed, from a registry, by their package manager, into their project. What takes long is done by
// `npm run packages:matrix` only.

const folder = mkdtempSync(join(tmpdir(), "roomkit-packages-"));
const sizesFile = join(root, "tools/published/sizes.json");
const minutes = (count: number) => ({ timeout: count * 60_000 });
let packed: ReadonlyMap<string, string>;
let registry: LocalRegistry;
let names: string[];
/** With everything in it, and no optional peer: what the others of these tests use. */
let project: Project;

/** What the packages ask of whoever uses them, and what is needed to compile. */
const beside = {
  "@opentelemetry/api": "1.10.0",
  react: "19.3.1",
  "react-dom": "19.3.1",
  "@types/node": "^20.19.0",
  "@types/react": "^19.0.0",
  "@types/react-dom": "^19.0.0",
};
const install = (manager: Manager, more: Readonly<Record<string, string>> = {}): Project => {
  const made = new Project(mkdtempSync(join(folder, "project-")), registry.env);
  made.install(manager, { ...Object.fromEntries(names.map((name) => [name, "*"])), ...more });
  return made;
};

beforeAll(async () => {
  packed = packAll(mkdtempSync(join(folder, "tarballs-")));
  names = [...packed.keys()];
  registry = await startRegistry(packed.values());
  project = install("pnpm", beside);
}, 400_000);
afterAll(async () => {
  await registry?.close();
  rmSync(folder, { recursive: true, force: true });
}, 300_000);

describe("the tarballs", () => {
  it("please publint and arethetypeswrong", minutes(4), async () => {
    const wrong: string[] = [];
    for (const [name, tarball] of packed)
      for (const problem of await lintTarball(tarball)) wrong.push(`${name}: ${problem}`);
    expect(wrong).toEqual([]);
  });

  it("have the licence and a README", () => {
    const licence = readFileSync(join(root, "LICENSE"), "utf8");
    const wrong = [...packed].filter(
      ([name, file]) =>
        readInTarball(file, "LICENSE") !== licence || !readInTarball(file, "README.md")?.startsWith(`# ${name}\n`),
    );
    expect(wrong.map(([name]) => name)).toEqual([]);
  });

  it("and bundles of the browser's packages are not much larger than they were", minutes(2), async () => {
    const packages = Object.fromEntries([...packed].sort().map(([name, file]) => [name, sizesOf(file)]));
    const now = { packages, bundles: await bundledSizes(project) };
    if (process.env.ROOMKIT_WRITE_SIZES === "1") writeFileSync(sizesFile, `${JSON.stringify(now, null, 2)}\n`);
    expect(tooLarge(now, JSON.parse(readFileSync(sizesFile, "utf8")))).toEqual([]);
  });
});

describe("installed by pnpm, where a package sees only what it declares", () => {
  it.each(nodes)("all are imported and required by %s", minutes(2), (node) => {
    project.write("import.mjs", loading(names, "import"));
    project.write("require.cjs", loading(names, "require"));
    expect(JSON.parse(project.node(["import.mjs"], {}, node))).toEqual([]);
    expect(JSON.parse(project.node(["require.cjs"], {}, node))).toEqual([]);
  });

  const cells = Object.keys(compilers).flatMap((compiler) =>
    Object.keys(resolutions).map(
      (resolution) => [compiler, resolution] as [keyof typeof compilers, keyof typeof resolutions],
    ),
  );
  const some = cells.filter(([compiler, resolution]) =>
    ["5.6 node16", "7.0 bundler"].includes(`${compiler} ${resolution}`),
  );
  it.each(matrix ? cells : some)(
    "TypeScript %s with moduleResolution %s checks their types",
    minutes(5),
    (compiler, resolution) => {
      expect(complaints(project, names, compiler, resolution)).toEqual([]);
    },
  );

  it.each(["cjs", "esm"] as const)(
    "esbuild bundles them as %s, and what cannot be in it says so",
    minutes(8),
    async (format) => {
      expect(await bundleForNode(project, names, format)).toEqual({
        failed: [],
        said: { flite: "bundled", moonshine: "bundled", silero: "model_not_found" },
        external: { flite: "", moonshine: "", silero: "" },
      });
    },
  );

  it("Vite builds a page with them", minutes(3), async () => {
    expect(await buildPage(project)).toEqual([]);
  });
});

it("roomkit is one install by npm", minutes(4), () => {
  const small = new Project(mkdtempSync(join(folder, "project-")), registry.env);
  small.install("npm", { roomkit: "*" });
  small.write("main.mjs", loading(["roomkit"], "import"));
  expect(JSON.parse(small.node(["main.mjs"]))).toEqual([]);
});

describe.runIf(matrix)("the whole matrix", () => {
  it.each(managers.filter((manager) => manager !== "pnpm"))("installed by %s", minutes(10), (manager) => {
    const { react, "@opentelemetry/api": api } = beside;
    const peers = manager === "npm" ? {} : { react, "@opentelemetry/api": api };
    const made = install(manager, peers);
    const pnp = manager === managers[4];
    // werift is built on a package that requires what it does not declare, which Plug'n'Play refuses.
    const usable = pnp ? names.filter((name) => name !== "@roomkit/webrtc-engine-werift") : names;
    made.write("import.mjs", loading(usable, "import"));
    made.write("require.cjs", loading(usable, "require"));
    for (const node of nodes) {
      const args = pnp ? ["--require", "./.pnp.cjs", "--experimental-loader", "./.pnp.loader.mjs"] : [];
      expect(JSON.parse(made.node([...args, "import.mjs"], {}, node)), node).toEqual([]);
      // Its loader is not asked where a module that was required imports another.
      if (!pnp) expect(JSON.parse(made.node(["require.cjs"], {}, node)), node).toEqual([]);
    }
    if (manager === "npm") expect(existsSync(join(made.folder, "node_modules/openai"))).toBe(true);
  });

  it.each([false, true])(
    "Next builds a page and a route with them (standalone: %s)",
    minutes(10),
    async (standalone) => {
      const made = install("npm", { ...beside, next: "16", typescript: "6" });
      expect(await buildNext(made, names, standalone)).toEqual({
        page: true,
        route: names.length - 2,
        said: { flite: "", moonshine: "", silero: "" },
      });
    },
  );
});
