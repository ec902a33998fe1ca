import { fileURLToPath } from "node:url";

/** The path of a file beside a module (`import.meta.url`) that is not compiled, as C is not: it stays where the module's source is. */
export const sourceFile = (name: string, from: string): string =>
  fileURLToPath(new URL(name, from.replace("/apps/bench/dist/", "/apps/bench/src/")));
