import { execFileSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/**
 * Copies the repository's files as they are now, committed or not, and nothing that git ignores.
 * @param {string} folder
 * @returns {string[]} their paths from the repository's folder
 */
export function copyRepository(folder) {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", args, { cwd: root, encoding: "utf8" }).split("\0");
  const files = listed.filter((file) => file !== "" && existsSync(join(root, file)));
  for (const file of files) cpSync(join(root, file), join(folder, file));
  return files;
}
