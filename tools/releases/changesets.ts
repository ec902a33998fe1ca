import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The changesets that wait for a release: the packages that each names, by its file. */
export function pendingChangesets(root: string): ReadonlyMap<string, readonly string[]> {
  const files = readdirSync(join(root, ".changeset")).filter((name) => name.endsWith(".md") && name !== "README.md");
  return new Map(
    files.map((name) => {
      const [, head = ""] = /^---\n([\s\S]*?)^---$/m.exec(readFileSync(join(root, ".changeset", name), "utf8")) ?? [];
      return [
        `.changeset/${name}`,
        [...head.matchAll(/^"(.+)": (?:major|minor|patch)$/gm)].map(([, named = ""]) => named),
      ];
    }),
  );
}

/** Why the checks of changesets cannot be made here; undefined if they can. */
export function whyUnchecked(root: string): string | undefined {
  if (git(root, "rev-parse", "--is-inside-work-tree") !== "true") return "this is no git repository";
  if (git(root, "rev-parse", "--is-shallow-repository") === "true")
    return "this clone is shallow, so nobody can tell what changed: git fetch --unshallow";
  if (mainOf(root) === undefined) return "there is neither main nor origin/main to compare with";
  return undefined;
}

/**
 * What changed without a changeset that says so: of each package what was not released yet, and the reports that differ from those
 * of main.
 */
export function uncovered(root: string): readonly string[] {
  const pending = pendingChangesets(root);
  const named = new Set([...pending.values()].flat());
  const base = git(root, "merge-base", "HEAD", mainOf(root) ?? "HEAD") ?? "HEAD";
  const sinceMain = changedSince(root, base);
  const tags = new Set(git(root, "tag", "--list", "*@*")?.split("\n"));
  const namedSinceMain = new Set([...pending].flatMap(([file, names]) => (sinceMain.includes(file) ? names : [])));

  return readdirSync(join(root, "packages")).flatMap((folder) => {
    const path = `packages/${folder}`;
    const manifest = join(root, path, "package.json");
    if (!existsSync(manifest)) return [];
    const { name, version } = JSON.parse(readFileSync(manifest, "utf8"));
    const found: string[] = [];
    const tag = `${name}@${version}`;
    const change = tags.has(tag) ? changedSources(root, path, tag) : unreleased(root, path, version);
    if (change !== undefined && !named.has(name)) found.push(`${name}: ${change}, and no changeset names it`);
    if (sinceMain.includes(`${path}/api.md`) && !namedSinceMain.has(name) && !isFirstReport(root, base, path))
      found.push(`${name}: what it exports changed, and no changeset that is new here names it`);
    return found;
  });
}

/** Of a package whose version has no tag yet: either its changelog tells of it, and it is about to be published, or nothing does. */
function unreleased(root: string, path: string, version: string): string | undefined {
  const changelog = join(root, path, "CHANGELOG.md");
  const written = existsSync(changelog) && readFileSync(changelog, "utf8").includes(`\n## ${version}\n`);
  return written ? undefined : "it was never released";
}

function changedSources(root: string, path: string, tag: string): string | undefined {
  const published = changedSince(root, tag, `${path}/src`, `${path}/package.json`);
  const [file] = published.filter((each) => !/\.(test|fixture)\.tsx?$/.test(each));
  return file && `${file} changed since ${tag}`;
}

/** The first report of a package that was there before is no change. */
function isFirstReport(root: string, commit: string, path: string): boolean {
  return !has(root, commit, `${path}/api.md`) && has(root, commit, `${path}/package.json`);
}

/** Files that differ from a commit, with those that git does not know yet. */
function changedSince(root: string, commit: string, ...paths: string[]): string[] {
  const changed = git(root, "diff", "--name-only", commit, "--", ...paths) ?? "";
  const added = git(root, "ls-files", "--others", "--exclude-standard", "--", ...paths) ?? "";
  return `${changed}\n${added}`.split("\n").filter(Boolean);
}

function mainOf(root: string): string | undefined {
  return ["origin/main", "main"].find(
    (name) => git(root, "rev-parse", "--verify", "--quiet", `${name}^{commit}`) !== undefined,
  );
}

function has(root: string, commit: string, path: string): boolean {
  return git(root, "cat-file", "-e", `${commit}:${path}`) !== undefined;
}

/** What git prints; undefined where it fails. */
function git(root: string, ...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
