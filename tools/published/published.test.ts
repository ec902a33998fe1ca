import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";

// What every package publishes, as compiled: by what else than this repository's own tools it can be used.

const packages = readdirSync(join(root, "packages")).filter((name) =>
  existsSync(join(root, "packages", name, "src/index.ts")),
);
const dist = (name: string): string => join(root, "packages", name, "dist");
const folder = mkdtempSync(join(tmpdir(), "roomkit-published-"));
const node = (args: readonly string[], env: NodeJS.ProcessEnv = process.env): string =>
  execFileSync(process.execPath, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env });

beforeAll(() => void execFileSync(join(root, "node_modules/.bin/tsc"), ["-b"], { cwd: root, stdio: "pipe" }), 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("published code", () => {
  it("names no loader for development: a bundler would look for it", () => {
    const found = packages.flatMap((name) =>
      readdirSync(dist(name), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".js") && /["'`]tsx["'/`]/.test(readFileSync(join(dist(name), file), "utf8")))
        .map((file) => `${name}/${file}`),
    );
    expect(found).toEqual([]);
  });

  it("can be imported from a CommonJS bundle, which does not know where it is", async () => {
    // Of the client's dependencies for building it.
    const esbuild = createRequire(join(root, "packages/client/package.json"))("esbuild");
    const file = join(folder, "all.cjs");
    const { warnings } = await esbuild.build({
      stdin: {
        contents: packages.map((name) => `require(${JSON.stringify(join(dist(name), "index.js"))});`).join("\n"),
        resolveDir: root,
      },
      bundle: true,
      platform: "node",
      format: "cjs",
      outfile: file,
      logLevel: "silent",
      // Native code, what is large, and an optional peer of a tool for tests.
      external: ["werift", "onnxruntime-node", "node-datachannel", "sherpa-onnx-node", "vitest"],
    });
    expect(warnings.filter(({ text }: { text: string }) => !text.includes("import.meta"))).toEqual([]);
    const inside = packages.map((name) => join(root, "packages", name, "node_modules")).join(":");
    expect(
      node(["-e", `require(${JSON.stringify(file)}); console.log("there")`], { ...process.env, NODE_PATH: inside }),
    ).toBe("there\n");
  }, 120_000);

  it("is understood by TypeScript 5.6 without skipLibCheck", () => {
    const config = join(folder, "tsconfig.json");
    const compilerOptions = {
      noEmit: true,
      strict: true,
      skipLibCheck: false,
      target: "ES2022",
      lib: ["ES2022", "DOM", "DOM.Iterable", "ESNext.Disposable"],
      module: "NodeNext",
      moduleResolution: "NodeNext",
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
    };
    writeFileSync(
      config,
      JSON.stringify({ compilerOptions, files: packages.map((name) => join(dist(name), "index.d.ts")) }),
    );
    expect(complaints(config)).toEqual([]);
  }, 240_000);
});

function complaints(config: string): string[] {
  try {
    node(["node_modules/typescript-5.6/bin/tsc", "-p", config]);
    return [];
  } catch (error) {
    return String((error as { stdout?: string }).stdout)
      .split("\n")
      .slice(0, 20);
  }
}
