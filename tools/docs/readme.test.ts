import { describe, expect, it } from "vitest";
import { blocks, complaints, pages, root } from "./readmes.fixture.ts";

describe("the code that READMEs show", () => {
  const shown = new Map<string, string>();
  for (const { page, folder } of pages)
    for (const [i, code] of blocks(page).entries()) shown.set(`${root}${folder}/src/readme-${i + 1}.tsx`, code);

  it("is there", () => {
    expect(blocks("README.md").length).toBeGreaterThan(0);
    expect(shown.size).toBeGreaterThan(30);
  });

  it("compiles as it is printed: everything it names is imported, and exists", { timeout: 180_000 }, () => {
    const wrong = [...complaints(shown)].flatMap(([file, found]) => found.map((line) => `${file}: ${line}`));
    expect(wrong).toEqual([]);
  });

  it("and code that does not is noticed", { timeout: 60_000 }, () => {
    const file = `${root}apps/demo-server/src/readme-wrong.ts`;
    const code = 'import { RoomKit } from "@roomkit/core";\nnew RoomKit().nothing();\nunheardOf();\n';
    expect(
      complaints(new Map([[file, code]]))
        .get(file)
        ?.join(),
    ).toMatch(/nothing.*unheardOf/s);
  });
});
