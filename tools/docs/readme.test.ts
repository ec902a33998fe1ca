import { describe, expect, it } from "vitest";
import { allBlocks, complaints, placeOf, root } from "./readmes.fixture.ts";

/** Languages of blocks that are no programs of ours. A program is `ts` or `tsx`, and compiled. */
const OTHERS = ["", "sh", "json", "html", "yaml", "dockerfile", "nginx", "text", "mermaid"];

describe("the code that READMEs and the site show", () => {
  const programs = allBlocks.filter(({ language }) => /^tsx?$/.test(language));
  const shown = new Map(programs.map((block) => [placeOf(block), block.code]));

  it("is there", () => {
    expect(allBlocks.some(({ page }) => page === "README.md")).toBe(true);
    expect(shown.size).toBe(programs.length);
    expect(shown.size).toBeGreaterThan(60);
  });

  it("is a program, or in a language that is not checked", () => {
    const unknown = allBlocks.filter(({ language }) => !OTHERS.includes(language) && !/^tsx?$/.test(language));
    expect(unknown.map(({ page, line, language }) => `${page}:${line}: ${language}`)).toEqual([]);
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
