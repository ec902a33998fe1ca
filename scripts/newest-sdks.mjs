// npm run test:newest-sdks: the suites of the providers with the newest SDK of each vendor, on Node 22 and 24 (or `-- 22`). In a copy of
// the repository: what is installed here stays as it is.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { copyRepository } from "./lib/copy.mjs";
import { nodeOf } from "./lib/node-versions.mjs";
import { root } from "./lib/run.mjs";

/** By the names they are imported by; the last is the adapter's newest model of the AI SDK. */
const sdks = {
  openai: "latest",
  "@google/genai": "latest",
  "@anthropic-ai/sdk": "latest",
  "@deepgram/sdk": "latest",
  "@elevenlabs/elevenlabs-js": "latest",
  "@ai-sdk/openai-v4": "npm:@ai-sdk/openai@latest",
};
const suites = ["openai", "gemini", "anthropic", "deepgram", "elevenlabs", "ai-sdk", "standins"].map(
  (name) => `packages/provider-${name}`,
);
const majors = process.argv.slice(2).map(Number);

const copy = mkdtempSync(join(tmpdir(), "roomkit-newest-sdks-"));
/** @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
const exec = (program, args, env = {}) =>
  execFileSync(program, args, { cwd: copy, stdio: "inherit", env: { ...process.env, ...env } });
const failed = [];
try {
  for (const file of copyRepository(copy)) {
    if (!/^(packages|apps)\/[^/]+\/package\.json$/.test(file)) continue;
    const manifest = JSON.parse(readFileSync(join(copy, file), "utf8"));
    for (const [name, version] of Object.entries(sdks))
      for (const list of [manifest.dependencies, manifest.devDependencies]) if (list?.[name]) list[name] = version;
    writeFileSync(join(copy, file), JSON.stringify(manifest, null, 2));
  }
  exec(join(root, "node_modules/.bin/pnpm"), ["install", "--no-frozen-lockfile"]);
  const tsc = "node_modules/@typescript/native/bin/tsc";
  for (const suite of suites)
    for (const name of Object.keys(sdks)) {
      const manifest = join(copy, suite, "node_modules", name, "package.json");
      if (existsSync(manifest))
        console.log(`${suite}: ${name} ${JSON.parse(readFileSync(realpathSync(manifest), "utf8")).version}`);
    }
  for (const major of majors.length > 0 ? majors : [22, 24]) {
    const node = await nodeOf(major);
    // Workers and processes of the tests are of the same version.
    const env = { PATH: [dirname(node), process.env.PATH].join(delimiter) };
    for (const [what, args] of Object.entries({
      types: [tsc, "-b"],
      "types of the tests": [tsc, "-p", "tsconfig.test.json"],
      suites: ["node_modules/vitest/vitest.mjs", "run", "--project", "node", ...suites],
    })) {
      try {
        exec(node, args, env);
      } catch {
        failed.push(`${what} on Node ${major}`);
      }
    }
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(failed.length === 0 ? "All passed with the newest SDKs." : `Failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
