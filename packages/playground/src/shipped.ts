import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder of the page that a package brings along: `bundle` beside the module that asks (`here`, its address), or, when that was bundled
 * into an application (where a CommonJS bundle does not even know its own address), in the package as it is installed for the program that
 * runs. Undefined when it is in neither place.
 */
export function shippedPage(packageName: string, here: string | undefined): string | undefined {
  return [() => beside(here), () => installed(packageName)].map(found).find((folder) => folder !== undefined);
}

function found(find: () => string): string | undefined {
  try {
    const folder = find();
    return existsSync(join(folder, "index.html")) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** @throws TypeError when `here` is unknown. */
function beside(here: string | undefined): string {
  return fileURLToPath(new URL("../bundle/", here));
}

/** @throws Error when it is not installed. */
function installed(packageName: string): string {
  const program = createRequire(join(process.cwd(), "package.json"));
  return join(dirname(program.resolve(`${packageName}/package.json`)), "bundle");
}
