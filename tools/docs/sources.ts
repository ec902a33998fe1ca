import { existsSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";

/** The published sources, without tests and what only tests use, relative to the root: `packages/core/src/clock.ts`. */
export function sourcesOf(root: string, packages: readonly string[] = readdirSync(join(root, "packages"))): string[] {
  return packages.flatMap((name) => {
    const folder = posix.join("packages", name, "src");
    if (!existsSync(join(root, folder))) return [];
    return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.tsx?$/.test(file) && !/\.(test|fixture)\.tsx?$/.test(file))
      .map((file) => posix.join(folder, file.replaceAll("\\", "/")));
  });
}
