import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";
import { codesIn, codesOfReadme } from "./error-codes.ts";
import { sourcesOf } from "./sources.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const packages = readdirSync(join(root, "packages")).filter((name) => sourcesOf(root, [name]).length > 0);

describe("the README of a package names the codes of its errors", () => {
  it.each(packages)("%s", (name) => {
    const sources = sourcesOf(root, [name]).map((file) => ({ file, text: read(file) }));
    const thrown = new Set(sources.flatMap(({ file, text }) => codesIn(file, text)));
    const told = codesOfReadme(read(`packages/${name}/README.md`));
    expect([...thrown].filter((code) => !told.has(code)).sort(), "codes the README lacks").toEqual([]);
    const gone = [...told].filter((code) => !sources.some(({ text }) => text.includes(`"${code}"`)));
    expect(gone, "codes that no source has").toEqual([]);
  });
});

it("one thing has one code", () => {
  const synonyms = ["invalid_argument", "model_missing", "missing_sdk", "ai_truncated"];
  const files = sourcesOf(root).filter((file) => codesIn(file, read(file)).some((code) => synonyms.includes(code)));
  expect(files).toEqual([]);
});

describe("the check", () => {
  it("finds codes however an error is made", () => {
    const text = `
      throw new RoomKitError("one", "it failed");
      throw RoomKitError.from(thrown, "two");
      throw new RoomKitError(late ? "three" : "four", "it failed");
      const code = late ? "five" : "six";
      throw new RoomKitError(code, "it failed");
      const fail = (message: string, code: string): void => reject(new RoomKitError(code, message));
      fail("it failed", "seven");
      function failed(code = "eight"): RoomKitError { return new RoomKitError(code, "it failed"); }
      failed("nine");
      new VoiceClientError(given ?? "ten", "it failed");
      new SomethingElse("none"); // new RoomKitError("none");
    `;
    const words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    expect(codesIn("a.ts", text).sort()).toEqual(words.sort());
  });

  it("reads the tables of codes of a README, and no others", () => {
    const page = "| code | when |\n| --- | --- |\n| `a`, `b` | `c` |\n\n| option | |\n| --- | --- |\n| `d` | |\n";
    expect([...codesOfReadme(page)]).toEqual(["a", "b"]);
  });
});
