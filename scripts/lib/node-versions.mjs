import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/**
 * The program of a major version of Node: this one, or one that is installed once, from npm's package `node`, beside the caches.
 * @param {number} major
 * @returns {Promise<string>}
 */
export async function nodeOf(major) {
  if (Number.parseInt(process.versions.node, 10) === major) return process.execPath;
  const folder = join(root, "node_modules/.cache/node", String(major));
  const program = join(folder, "node_modules/node/bin/node");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    // A project of its own: npm would otherwise install into the repository. The package fetches its program when it is installed.
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, allowScripts: { node: true } }));
    execFileSync("npm", ["install", "--no-audit", "--no-fund", `node@${major}`], { cwd: folder, stdio: "inherit" });
  }
  const version = execFileSync(program, ["--version"], { encoding: "utf8" }).trim();
  if (!version.startsWith(`v${major}.`)) throw new Error(`${program} is Node ${version}, not ${major}`);
  return program;
}
