import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { RoomKitError } from "@roomkit/core";

/**
 * The module `name` in the folder of the caller, in the form the caller itself runs in: `.ts` from source, `.js` once built.
 *
 * @param from the caller's `import.meta.url`
 * @param name file name without its extension
 * @throws RoomKitError `bundled` when it is not there: the caller was put into a bundle, and a worker's module must be on disk.
 */
export function entryBeside(from: string | undefined, name: string): URL {
  const entry = from === undefined ? undefined : new URL(`./${name}${from.endsWith(".ts") ? ".ts" : ".js"}`, from);
  if (entry && isFile(entry)) return entry;
  throw new RoomKitError(
    "bundled",
    `the worker ${name} is not beside the code that starts it: leave this package out of the bundle (external)`,
    { details: { from } },
  );
}

/** Bundlers write addresses of their own making, some of which no file can have. */
function isFile(url: URL): boolean {
  try {
    return existsSync(fileURLToPath(url));
  } catch {
    return false;
  }
}

/** How V8 keeps what is young: a process that carries calls is told what its server was told. */
const YOUNG = /^--(?:(?:min|max)[-_]semi[-_]space[-_]size=\d+|(?:no[-_]?)?allocation[-_]site[-_]pretenuring)$/;

/**
 * The Node options a worker process needs for its entry: how this one's V8 keeps what is young, and what source is loaded with. It
 * must not inherit the others (`--inspect` would take its port, `--input-type` would refuse the file).
 */
export function execArgvFor(entry: URL): string[] {
  return [...process.execArgv.filter((argument) => YOUNG.test(argument)), ...loaderFor(entry)];
}

/**
 * Built code needs nothing. Source is loaded as this process loads its own: by the module that `ROOMKIT_SOURCE_LOADER` names,
 * otherwise by what this process was started with.
 */
function loaderFor(entry: URL): string[] {
  if (!entry.pathname.endsWith(".ts")) return [];
  const loader = process.env.ROOMKIT_SOURCE_LOADER;
  return loader ? ["--import", loader, "--conditions=@roomkit/source"] : loaderArguments(process.execArgv);
}

/**
 * What to start a worker thread with for the same entry; V8 is its process's. Threads of Node 20 load no TypeScript even where the
 * process does, so source gets a first module that sees to it.
 */
export function threadEntry(entry: URL): { readonly url: URL; readonly execArgv: readonly string[] } {
  const execArgv = loaderFor(entry);
  const loaders = execArgv.flatMap((argument, i) => (argument === "--import" ? [execArgv[i + 1] ?? ""] : []));
  if (loaders.length === 0) return { url: entry, execArgv };
  const first = [...loaders, entry.href].map((href) => `await import(${JSON.stringify(href)});`).join("");
  return {
    url: new URL(`data:text/javascript,${encodeURIComponent(first)}`),
    execArgv: execArgv.filter((argument) => argument.startsWith("--conditions")),
  };
}

/** Those of a process's options that say how its modules are found and loaded, in one form: `--import URL`, `--conditions=NAME`. */
function loaderArguments(execArgv: readonly string[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const [, name, inline] = /^(--import|--require|-r|--conditions|-C)(?:=(.*))?$/s.exec(execArgv[i] ?? "") ?? [];
    if (name === undefined) continue;
    const value = inline ?? execArgv[++i] ?? "";
    if (name === "--conditions" || name === "-C") found.push(`--conditions=${value}`);
    else found.push(name === "-r" ? "--require" : name, value);
  }
  return found;
}
