import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Asset, readAssets } from "./assets.ts";

/**
 * The page of this package: beside this module, or, when that was bundled into an application (where a CommonJS bundle does not even
 * know its own address), in the package as it is installed for the program that runs. Empty when it is in neither place.
 */
export function readShipped(here: string | undefined = import.meta.url): ReadonlyMap<string, Asset> {
  for (const find of [() => beside(here), installed]) {
    try {
      const assets = readAssets(find());
      if (assets.has("index.html")) return assets;
    } catch {
      // Not there.
    }
  }
  return new Map();
}

/** @throws TypeError when `here` is unknown. */
function beside(here: string | undefined): string {
  return fileURLToPath(new URL("../bundle/", here));
}

/** @throws Error when it is not installed. */
function installed(): string {
  const program = createRequire(join(process.cwd(), "package.json"));
  return join(dirname(program.resolve("@roomkit/playground/package.json")), "bundle");
}
