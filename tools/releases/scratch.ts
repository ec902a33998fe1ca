import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { copyRepository } from "../../scripts/lib/copy.mjs";
import { root } from "../../scripts/lib/run.mjs";
import { goesWithProcess } from "../goes-with-process.ts";

/** A copy of this repository as its files are now, committed or not, with a git history and an install of its own. */
export interface Scratch {
  readonly folder: string;
  /** Runs a program in it, one of the repository's tools or of the machine's, and returns what it prints. */
  run(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): string;
  /** Commits everything. */
  commit(message: string): void;
  remove(): void;
}

/**
 * Makes a copy in the folder for temporary files.
 *
 * @param only names of packages: these and what they depend on are installed, and the tools are taken from here; everything without it
 */
export function scratchCopy(only: readonly string[] = []): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-scratch-"));
  goesWithProcess(folder);
  const { NODE_OPTIONS: _options, ROOMKIT_SOURCE_LOADER: _loader, ...own } = process.env;
  const path = [join(folder, "node_modules/.bin"), join(root, "node_modules/.bin"), own.PATH].join(delimiter);
  const run: Scratch["run"] = (program, args, env = {}) =>
    execFileSync(program, args, {
      cwd: folder,
      env: { ...own, PATH: path, ...env },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 64 << 20,
      timeout: 1_200_000,
    });
  const git = (...args: string[]): string =>
    run("git", ["-c", "user.name=scratch", "-c", "user.email=scratch@localhost", "-c", "core.hooksPath=", ...args]);
  const commit = (message: string): void => {
    git("add", "--all");
    git("commit", "--quiet", "--no-gpg-sign", "--allow-empty", "--message", message);
  };

  copyRepository(folder);
  git("init", "--quiet", "--initial-branch", "main");
  commit("the repository as it is");
  const filters = only.map((name) => `--filter=${name}...`);
  run("pnpm", [...filters, "install", "--prefer-offline", "--frozen-lockfile", "--ignore-scripts"]);
  // What a tool loads by its name.
  const tools = "node_modules/@changesets";
  if (!existsSync(join(folder, tools))) symlinkSync(join(root, tools), join(folder, tools));
  return { folder, run, commit, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
