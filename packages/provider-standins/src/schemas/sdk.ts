import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { RoomKitError } from "@roomkit/core";

/** A vendor's SDK as it is installed. */
export interface InstalledSdk {
  readonly name: string;
  readonly version: string;
  /** Its folder. */
  readonly folder: string;
}

/**
 * Finds an SDK where this package, or the program that runs, would.
 *
 * @throws RoomKitError `missing_dependency` when it is not installed.
 */
export function findSdk(name: string): InstalledSdk {
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    if (from === undefined) continue; // in a CommonJS bundle
    // Not resolved as a module: few packages export their package.json.
    for (const folder of createRequire(from).resolve.paths(name) ?? []) {
      const manifest = join(folder, name, "package.json");
      if (!existsSync(manifest)) continue;
      const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
      return { name, version, folder: join(folder, name) };
    }
  }
  throw new RoomKitError("missing_dependency", `the stand-in checks what it says by the types of ${name}: install it`);
}
