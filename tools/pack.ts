import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
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

const bin = (name: string): string => join(root, "node_modules/.bin", name);
// Nothing of this repository's tests may reach what is installed: no loader, no condition.
const { NODE_OPTIONS: _options, ...env } = process.env;
const run = (command: string, args: readonly string[], cwd: string, more: NodeJS.ProcessEnv = {}): string =>
  execFileSync(command, args, {
    cwd,
    env: { ...env, ...more },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 << 20,
    timeout: 120_000,
  });

/** Builds packages and packs them: the tarball of each by its name, in a folder of its own below `folder`. */
export function pack(packages: readonly string[], folder: string): Map<string, string> {
  run(bin("tsc"), ["-b", ...packages.map((name) => `packages/${name}`)], root);
  return new Map(
    packages.map((name) => {
      const into = mkdtempSync(join(folder, "tarball-"));
      run(bin("pnpm"), ["pack", "--pack-destination", into], join(root, "packages", name));
      return [name, join(into, readdirSync(into)[0] as string)];
    }),
  );
}

/** Builds and packs every package at once (10 s): the tarball of each by its full name, for instance `@roomkit/core`, in `folder`. */
export function packAll(folder: string): Map<string, string> {
  run(bin("tsc"), ["-b"], root);
  const printed = run(
    bin("pnpm"),
    ["--recursive", "--filter", "./packages/*", "pack", "--json", "--pack-destination", folder],
    root,
  );
  const packed: readonly { name: string; filename: string }[] = JSON.parse(
    // Before it stands what the packages' own scripts print.
    printed.slice(printed.search(/^\[$/m)),
  );
  return new Map(packed.map(({ name, filename }) => [name, filename]));
}

/** What is in a folder and below it: files, with the bytes of each. */
function filesBelow(folder: string): Map<string, number> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  // From Node 22 on the links of a package manager are followed.
  const paths = found.map(({ parentPath, name }) => realpathSync(join(parentPath, name)));
  return new Map(paths.map((path) => [path, statSync(path).size]));
}

/** A project that a package manager has installed packages of this repository into. */
export interface InstalledProject {
  readonly folder: string;
  /** Everything it installed, with the bytes of each file. */
  readonly files: ReadonlyMap<string, number>;
  /** Runs an ES module in the project, with plain Node, and returns what it prints. */
  readonly run: (source: string) => string;
  readonly remove: () => void;
}

/**
 * Has `manager` install packed packages, with its own defaults and where no registry answers: only packages without third parties
 * can be installed so.
 *
 * @param packed all of `@roomkit` that they need, as {@link pack} gives them
 */
export function installBy(manager: "npm" | "pnpm" | "yarn", packed: ReadonlyMap<string, string>): InstalledProject {
  const tarballs = Object.fromEntries([...packed].map(([name, tarball]) => [`@roomkit/${name}`, `file:${tarball}`]));
  const project = mkdtempSync(join(tmpdir(), `roomkit-${manager}-`));
  // What these packages need of each other is not published yet: pnpm and yarn are told where it is, npm finds it.
  const here = manager === "pnpm" ? { pnpm: { overrides: tarballs } } : { resolutions: tarballs };
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies: tarballs, ...(manager === "npm" ? {} : here) }),
  );
  const nowhere = "http://127.0.0.1:9/";
  run(manager === "npm" ? manager : bin(manager), ["install"], project, {
    npm_config_registry: nowhere,
    npm_config_fetch_retries: "0",
    YARN_REGISTRY: nowhere,
  });
  return {
    folder: project,
    files: filesBelow(join(project, "node_modules")),
    run: (source) => runIn(project, source),
    remove: () => rmSync(project, { recursive: true, force: true }),
  };
}

function runIn(folder: string, source: string): string {
  writeFileSync(join(folder, "main.js"), source);
  return run(process.execPath, ["main.js"], folder);
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
  const folder = mkdtempSync(join(tmpdir(), "roomkit-packed-"));
  const modules = join(folder, "node_modules");
  const files = new Map<string, readonly string[]>();
  for (const [name, tarball] of pack(packages, folder)) {
    const tarballs = dirname(tarball);
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
    run: (source) => runIn(folder, source),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
