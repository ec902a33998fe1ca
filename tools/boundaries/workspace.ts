import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";

/** What the checks look at, without a file system behind it, so that a test can make one up. */
export interface Package {
  /** `packages/core`, `apps/bench` */
  readonly path: string;
  readonly manifest: Manifest;
  readonly tsconfig: Tsconfig;
  readonly readme: string | undefined;
  readonly sources: readonly Source[];
}

export interface Manifest {
  readonly [key: string]: unknown;
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, unknown>> };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Tsconfig {
  readonly compilerOptions?: { readonly types?: readonly string[]; readonly lib?: readonly string[] };
  readonly references?: readonly { readonly path: string }[];
}

export interface Source {
  /** Relative to the package, with slashes: `src/clock.ts` */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly string[];
}

/** Reads every package of `packages/` and `apps/`. */
export function readWorkspace(root: string): Package[] {
  return ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group))
      .filter((name) => existsSync(join(root, group, name, "package.json")))
      .map((name) => readPackage(root, `${group}/${name}`)),
  );
}

/** Reads the folders that the root `tsconfig.json` builds. */
export function readBuiltFolders(root: string): string[] {
  return (readJson(join(root, "tsconfig.json")) as Tsconfig).references?.map(({ path }) => path) ?? [];
}

function readPackage(root: string, path: string): Package {
  const folder = join(root, path);
  const readme = join(folder, "README.md");
  return {
    path,
    manifest: readJson(join(folder, "package.json")) as Manifest,
    tsconfig: readJson(join(folder, "tsconfig.json")) as Tsconfig,
    readme: existsSync(readme) ? readFileSync(readme, "utf8") : undefined,
    sources: ["src", "test"].flatMap((part) => readSources(folder, part)),
  };
}

function readSources(folder: string, part: string): Source[] {
  if (!existsSync(join(folder, part))) return [];
  return readdirSync(join(folder, part), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|tsx|mts)$/.test(file))
    .map((file) => {
      const text = readFileSync(join(folder, part, file), "utf8");
      return { path: posix.join(part, file.replaceAll("\\", "/")), lines: countLines(text), imports: importsOf(text) };
    });
}

function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/** Every module a source names: `import`, `export from`, `import type`, `import()`, `require()`. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

function readJson(file: string): unknown {
  const { config, error } = ts.parseConfigFileTextToJson(file, readFileSync(file, "utf8"));
  if (error) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(error.messageText, "\n")}`);
  return config;
}
