import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";

const page = readFileSync(join(root, "apps/docs/security/faults.md"), "utf8");
const rows = page.split("\n").flatMap((line) => {
  const cells = line.split("|").map((cell) => cell.trim());
  return /^\d+$/.test(cells[1] ?? "") ? [{ row: Number(cells[1]), cells, last: cells.at(-2) ?? "" }] : [];
});

it("the page of faults has every row from 56 to 70, in cells that can be read", () => {
  expect([...new Set(rows.map(({ row }) => row))].sort()).toEqual(Array.from({ length: 15 }, (_, i) => 56 + i));
  for (const { cells } of rows) for (const cell of cells) expect(cell.length).toBeLessThan(250);
});

it("and each file it names has a test whose name has the row", () => {
  const wrong = rows.flatMap(({ row, last }) =>
    [...last.matchAll(/`([\w.-]+(?:\/[\w.-]+)+)`/g)].flatMap(([, path = ""]) => {
      const file = join(root, path.startsWith("tools/") ? path : `packages/${path}`);
      const named =
        existsSync(file) && new RegExp(`["\x60]rows? (?:\\d+ and )?${row}: `).test(readFileSync(file, "utf8"));
      return named ? [] : [`${row}: ${path}`];
    }),
  );
  expect(wrong).toEqual([]);
  expect(rows.filter(({ last }) => last === "none").map(({ row }) => row)).toEqual([65, 67]);
});
