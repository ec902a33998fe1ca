import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";
import { apiReport, packagesOf, reportFile } from "./api-report.ts";

describe("what packages export", () => {
  it.each(packagesOf(root))("%s: packages/*/api.md says it", { timeout: 60_000 }, (name) => {
    const file = reportFile(root, name);
    const written = existsSync(file) ? readFileSync(file, "utf8") : "";
    expect(written, "what it exports changed: npm run api, and a changeset").toBe(apiReport(root, name));
  });
});

describe("a report", () => {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-api-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const reportOf = (files: Readonly<Record<string, string>>): string => {
    rmSync(join(folder, "packages"), { recursive: true, force: true });
    for (const [file, text] of Object.entries({ "package.json": '{ "name": "@roomkit/a" }', ...files })) {
      mkdirSync(dirname(join(folder, "packages/a", file)), { recursive: true });
      writeFileSync(join(folder, "packages/a", file), text);
    }
    return apiReport(folder, "a").replace(/^[\s\S]*```ts\n|\n```\n$/g, "");
  };

  it("has declarations alone, in the order of their names, with what they are made of and from where that is", () => {
    const report = reportOf({
      "src/index.ts": 'export * from "./b.ts";\nexport { a as first } from "./a.ts";\nexport { z } from "other";\n',
      "src/a.ts":
        '/** Says. */\nexport function a(o: Options): void { console.log(o); }\nimport type { Options } from "./options.ts";\n',
      "src/b.ts":
        "export class B { #x = 1; get x(): number { return this.#x; } }\nfunction unused(): void {}\nunused();\n",
      "src/options.ts":
        'import type { T as U } from "third";\nexport interface Options { /** A. */ readonly u: U; readonly deep?: Deep }\ninterface Deep { n: 1 }\n',
    });
    expect(report).toBe(
      [
        'import { T as U } from "third";\n',
        "export class B {\n    #private;\n    get x(): number;\n}\n",
        "export function a(o: Options): void;\n",
        "export { a as first };\n",
        'export { z } from "other";\n',
        "// Not exported:\n",
        "interface Deep {\n    n: 1;\n}\n",
        "interface Options {\n    readonly u: U;\n    readonly deep?: Deep;\n}",
      ].join("\n"),
    );
  });

  it("differs when a type that is not exported does, and not when a body or a comment does", () => {
    const files = (deep: string, body: string): Record<string, string> => ({
      "src/index.ts": `import type { D } from "./d.ts";\nexport function f(d: D): number { ${body} }\n`,
      "src/d.ts": `// ${body}\nexport type D = ${deep};\n`,
    });
    const report = reportOf(files("1", "return 1;"));
    expect(reportOf(files("2", "return 1;"))).not.toBe(report);
    expect(reportOf(files("1", "return 2;"))).toBe(report);
  });

  it("has overloads, merged declarations, and both sides of a name that is type and value", () => {
    const report = reportOf({
      "src/index.ts":
        "export function f(a: 1): 1;\nexport function f(a: 2): 2;\nexport function f(a: 1 | 2): 1 | 2 { return a; }\nexport const K: { readonly a: 1 } = { a: 1 };\nexport type K = 1;\n",
    });
    expect(report.match(/function f/g)).toHaveLength(2);
    expect(report).toMatch(/export const K: \{[\s\S]*export type K = 1;/);
  });
});
