import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../scripts/lib/run.mjs";

/** A project outside the repository that has packages of it installed as anybody would get them. */
export interface ScratchProject {
  readonly folder: string;
  /** The files in a package's tarball. */
  readonly contents: (name: string) => readonly string[];
  /** A package's manifest as it is published. */
  readonly manifest: (name: string) => Readonly<Record<string, unknown>>;
  /** Runs an ES module in the project, with plain Node, and returns what it prints. */
  readonly run: (source: string) => string;
  readonly remove: () => void;
}

/**
 * Builds and packs packages and unpacks the tarballs into a new project, as a registry would hand them out. What they need from
 * third parties is linked from here: the point is what the tarballs hold, and the network may be away.
 *
 * @param packages folders below `packages/`; all of `@roomkit` that they need
 * @param thirdParty names of other packages, and the package of ours each belongs to
 */
export function installPacked(
  packages: readonly string[],
  thirdParty: Readonly<Record<string, string>> = {},
): ScratchProject {
  const bin = (name: string): string => join(root, "node_modules/.bin", name);
  const run = (command: string, args: readonly string[], cwd: string): string =>
    execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 64 << 20 });
  run(bin("tsc"), ["-b", ...packages.map((name) => `packages/${name}`)], root);

  const folder = mkdtempSync(join(tmpdir(), "roomkit-packed-"));
  const modules = join(folder, "node_modules");
  const files = new Map<string, readonly string[]>();
  for (const name of packages) {
    const tarballs = mkdtempSync(join(folder, "tarball-"));
    run(bin("pnpm"), ["pack", "--pack-destination", tarballs], join(root, "packages", name));
    const tarball = join(tarballs, readdirSync(tarballs)[0] as string);
    run("tar", ["-xzf", tarball, "-C", tarballs], folder);
    const listed = run("tar", ["-tzf", tarball], folder).trim().split("\n");
    files.set(name, listed.map((file) => file.replace(/^package\//, "")).sort());
    mkdirSync(join(modules, "@roomkit"), { recursive: true });
    cpSync(join(tarballs, "package"), join(modules, "@roomkit", name), { recursive: true });
    rmSync(tarballs, { recursive: true });
  }
  for (const [name, owner] of Object.entries(thirdParty)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(realpathSync(join(root, "packages", owner, "node_modules", name)), join(modules, name));
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));

  return {
    folder,
    contents: (name) => files.get(name) ?? [],
    manifest: (name) => JSON.parse(readFileSync(join(modules, "@roomkit", name, "package.json"), "utf8")),
    run(source) {
      writeFileSync(join(folder, "main.js"), source);
      // Nothing of this repository's tests may reach it: no loader, no condition.
      const { NODE_OPTIONS: _options, ...env } = process.env;
      return execFileSync(process.execPath, ["main.js"], { cwd: folder, env, encoding: "utf8", timeout: 60_000 });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
