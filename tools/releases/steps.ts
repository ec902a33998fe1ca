import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Runs a program in the folder of a repository and returns what it prints. */
export type Run = (program: string, args: readonly string[], env?: NodeJS.ProcessEnv) => string;

export interface Bump {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** The changesets that name it, or what it depends on that left the range it accepts. */
  readonly why: string;
}

interface Release {
  readonly name: string;
  readonly type: "none" | "patch" | "minor" | "major";
  readonly oldVersion: string;
  readonly newVersion: string;
  readonly changesets: readonly string[];
}

/** Sets versions and writes changelogs as the changesets say, which are used up by that. */
export function version(folder: string, run: Run): readonly Bump[] {
  const file = "release-plan.json";
  run("changeset", ["status", `--output=${file}`]);
  const plan: { readonly releases: readonly Release[] } = JSON.parse(readFileSync(join(folder, file), "utf8"));
  rmSync(join(folder, file));
  const releases = plan.releases.filter(({ type }) => type !== "none");
  run("changeset", ["version"]);
  const folders = foldersOf(folder);
  return releases.map((release) => ({
    name: release.name,
    from: release.oldVersion,
    to: release.newVersion,
    why:
      release.changesets.length > 0
        ? release.changesets.join(", ")
        : `depends on ${grounds(folders.get(release.name) ?? folder)}`,
  }));
}

/** What a changelog says that the new version of a package is for, where no changeset names the package. */
function grounds(path: string): string {
  const [, newest = ""] = readFileSync(join(path, "CHANGELOG.md"), "utf8").split(/^## /m);
  return [...newest.matchAll(/^ {2}- (\S+)$/gm)].map(([, dependency]) => dependency).join(", ");
}

/** The packages that are published: their folders, by their names. */
export function foldersOf(folder: string): ReadonlyMap<string, string> {
  const paths = readdirSync(join(folder, "packages")).map((name) => join(folder, "packages", name));
  return new Map(
    paths.filter((path) => existsSync(join(path, "package.json"))).map((path) => [manifestOf(path).name, path]),
  );
}

/** The manifest in a folder. */
export function manifestOf(path: string): {
  readonly name: string;
  readonly version: string;
  readonly repository?: unknown;
} {
  return JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
}

/** Compiles everything and bundles the pages. */
export function build(run: Run): void {
  run("tsc", ["-b"]);
  run("turbo", ["run", "bundle"]);
}

/**
 * Publishes every version that the registry does not have, what others depend on first. If that ends half-way, what is there can be
 * installed, and a second run publishes the rest.
 *
 * @param only names of packages; all without it
 * @returns what was published, in that order: `name@version`
 */
export function publish(
  folder: string,
  run: Run,
  env: NodeJS.ProcessEnv,
  only: readonly string[] = [],
): readonly string[] {
  const filters = only.length > 0 ? only : ["./packages/*"];
  run(
    "pnpm",
    [
      ...filters.map((name) => `--filter=${name}`),
      ...["--recursive", "publish", "--access=public", "--no-git-checks", "--report-summary"],
    ],
    env,
  );
  const file = join(folder, "pnpm-publish-summary.json");
  const { publishedPackages }: { publishedPackages: readonly { name: string; version: string }[] } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  rmSync(file);
  return publishedPackages.map((published) => `${published.name}@${published.version}`);
}
