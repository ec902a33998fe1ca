import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/**
 * The module `name` in the folder of the caller, in the form the caller itself runs in: `.ts` from source, `.js` once built.
 *
 * @param from the caller's `import.meta.url`
 * @param name file name without its extension
 */
export function entryBeside(from: string, name: string): URL {
  return new URL(`./${name}${from.endsWith(".ts") ? ".ts" : ".js"}`, from);
}

/**
 * The Node options a worker process needs for its entry. Built code needs none, and must not inherit those of the parent
 * (`--inspect` would take its port, `--input-type` would refuse the file). Source needs a loader for TypeScript where Node
 * has none, and the condition under which packages of this repository resolve to their sources.
 */
export function execArgvFor(entry: URL): string[] {
  if (!entry.pathname.endsWith(".ts")) return [];
  const condition = "--conditions=@roomkit/source";
  try {
    return ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href, condition];
  } catch {
    // No tsx: Node 22.18 and later run erasable TypeScript by themselves.
    return [condition];
  }
}

/**
 * What to start a worker thread with for the same entry. Threads of Node 20 load no TypeScript even where the process does, so
 * source gets a first module that sees to it.
 */
export function threadEntry(entry: URL): { readonly url: URL; readonly execArgv: readonly string[] } {
  const [, , condition] = execArgvFor(entry);
  if (condition === undefined) return { url: entry, execArgv: execArgvFor(entry) };
  const loader = createRequire(import.meta.url)
    .resolve("tsx/esm/api")
    .replace(/cjs$/, "mjs");
  const { href } = pathToFileURL(loader);
  const first = `import { register } from ${JSON.stringify(href)}; register(); await import(${JSON.stringify(entry.href)});`;
  return { url: new URL(`data:text/javascript,${encodeURIComponent(first)}`), execArgv: [condition] };
}
