import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Installed {
  readonly packages: number;
  readonly bytes: number;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>> | undefined;
  readonly optionalDependencies?: Readonly<Record<string, string>> | undefined;
}

/**
 * What installing packages puts on the disk: they and all they depend on, each once, what is optional where it is there. Of a package of this
 * repository what would be published counts.
 *
 * @param from a folder from which they can be found
 */
export function installed(names: readonly string[], from: string): Installed {
  const seen = new Map<string, number>();
  const add = (name: string, folder: string): void => {
    const found = find(name, folder);
    if (found === undefined || seen.has(found)) return;
    const manifest = JSON.parse(readFileSync(join(found, "package.json"), "utf8")) as Manifest;
    seen.set(found, recorded[name]?.unpacked ?? bytesIn(found));
    for (const next of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) add(next, found);
  };
  for (const name of names) {
    if (find(name, from) === undefined) throw new Error(`${name} is not installed`);
    add(name, from);
  }
  return { packages: seen.size, bytes: [...seen.values()].reduce((sum, bytes) => sum + bytes, 0) };
}

/** The folder of a package as Node finds it. */
function find(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return realpathSync(candidate);
    if (folder === dirname(folder)) return undefined;
  }
}

/** As `npm run packages:sizes` has recorded it: models and the like come into a package only when it is packed. */
const recorded: Readonly<Record<string, { readonly unpacked: number }>> = JSON.parse(
  readFileSync(new URL("../../../../tools/published/sizes.json", import.meta.url), "utf8"),
).packages;

/** Links and packages inside of it are not its own. */
function bytesIn(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isSymbolicLink() && entry.name !== "node_modules")
    .reduce((sum, { name }) => sum + bytesIn(join(path, name)), 0);
}
