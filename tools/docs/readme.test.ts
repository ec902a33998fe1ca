import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The TypeScript blocks of a page that are whole programs: they begin with an import. */
function programs(page: string): string[] {
  return [...page.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code = ""]) => code)
    .filter((code) => code.startsWith("import "));
}

/** What the compiler says about a program that stands where the demo server does, with the repository's own settings. */
function complaints(code: string): string[] {
  const file = `${root}apps/demo-server/src/readme-snippet.ts`;
  const { config } = ts.readConfigFile(`${root}tsconfig.test.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  delete options.tsBuildInfoFile;
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, code, ts.ScriptTarget.ES2023) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], { ...options, noEmit: true, incremental: false }, host);
  const source = program.getSourceFile(file);
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((d) =>
    ts.flattenDiagnosticMessageText(d.messageText, "\n"),
  );
}

describe("README.md", () => {
  const snippets = programs(readFileSync(`${root}README.md`, "utf8"));

  it("has a quick start", () => {
    expect(snippets.length).toBeGreaterThan(0);
  });

  it.each(snippets.map((code, i) => [i + 1, code] as const))(
    "program %i compiles as it is printed",
    { timeout: 60_000 },
    (_i, code) => {
      expect(complaints(code)).toEqual([]);
    },
  );

  it("and one that does not is noticed", { timeout: 60_000 }, () => {
    expect(complaints('import { RoomKit } from "@roomkit/core";\nnew RoomKit().nothing();\n').join()).toContain(
      "nothing",
    );
  });
});
