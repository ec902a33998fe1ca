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
