import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";
import { readWorkspace } from "./workspace.ts";

/** Who may read the wall clock itself. What is kept for other processes lapses by it: they share no other. */
const MAY: readonly string[] = [
  "packages/core/src/time/clock.ts",
  "packages/store-sqlite/src/sessions.ts",
  "packages/store-sqlite/src/sqlite-store.ts",
];
const READS = /\bDate\.now\b|\bnew Date\(\)|\bDate\(\)|hrtime/;

it("row 69: a package has its time from the clock it is given", () => {
  const read = readWorkspace(root)
    .filter(({ path }) => path.startsWith("packages/"))
    .flatMap(({ path, sources }) => sources.map((source) => `${path}/${source.path}`))
    .filter((file) => !/\.(test|fixture)\.tsx?$/.test(file) && READS.test(readFileSync(join(root, file), "utf8")));
  expect(read.sort()).toEqual([...MAY].sort());
});
