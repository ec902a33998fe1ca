import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./run.mjs";

const stamp = join(root, "node_modules", ".roomkit-install");

/** Ends the process with one sentence when this Node is older than the repository needs. */
export function checkNode() {
  const needed = /[\d.]+/.exec(manifest(root).engines.node)?.[0] ?? "0";
  const [major = 0, minor = 0] = needed.split(".").map(Number);
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split(".").map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  console.error(`RoomKit needs Node ${needed} or newer; this is Node ${process.versions.node}.`);
  process.exit(1);
}

/**
 * Installs what the lockfile names, unless that was done since the lockfile or a manifest last changed; then it costs
 * nothing and needs no network. Ends the process when the install fails.
 */
export async function install() {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("Installing dependencies...");
  const args = ["install", "--frozen-lockfile", "--prefer-offline"];
  const { packageManager } = manifest(root);
  const pnpm = join(root, "node_modules", "pnpm");
  const code =
    existsSync(pnpm) && packageManager === `pnpm@${manifest(pnpm).version}`
      ? await run("pnpm", args)
      : await run("npx", ["-y", packageManager, ...args]);
  if (code !== 0) {
    console.error(
      `The install failed. If a manifest changed, bring the lockfile up to date with: npx ${packageManager} install`,
    );
    process.exit(code);
  }
  writeFileSync(stamp, wanted);
}

/** One hash over every file that decides what is installed. */
function fingerprint() {
  const files = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"];
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(root, group)).sort()) files.push(join(group, name, "package.json"));
  }
  for (const folder of ["examples", join("examples", "next")]) files.push(join(folder, "package.json"));
  const hash = createHash("sha256").update(process.versions.modules);
  for (const file of files) if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** @param {string} folder */
function manifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}
