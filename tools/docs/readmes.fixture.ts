import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** Folder names of the packages. */
export const packages: readonly string[] = readdirSync(`${root}packages`).filter((name) =>
  existsSync(`${root}packages/${name}/src/index.ts`),
);

/** The compiler's settings of the repository, with every package found by its name from anywhere. */
export function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${root}tsconfig.test.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  delete options.tsBuildInfoFile;
  const paths = {
    "@roomkit/*": [`${root}packages/*/src/index.ts`],
    roomkit: [`${root}packages/roomkit/src/index.ts`],
  };
  return { ...options, noEmit: true, incremental: false, paths };
}

/** The pages that show code, with the folder their code stands in. */
export const pages: readonly { readonly page: string; readonly folder: string }[] = [
  { page: "README.md", folder: "apps/demo-server" },
  ...packages.map((name) => ({ page: `packages/${name}/README.md`, folder: `packages/${name}` })),
];

/** The TypeScript blocks of a page. */
export function blocks(page: string): readonly string[] {
  return [...readFileSync(root + page, "utf8").matchAll(/^```tsx?\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
}

/** What the compiler says about programs, by the paths they are to stand at. */
export function complaints(programs: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => programs.has(name) || fileExists(name);
  host.getSourceFile = (name, ...rest) => {
    const code = programs.get(name);
    return code === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, code, ts.ScriptTarget.ES2023);
  };
  const program = ts.createProgram([...programs.keys()], options, host);
  return new Map(
    [...programs.keys()].map((name) => {
      const source = program.getSourceFile(name);
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      const texts = found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
      // Others' packages that an example uses need not be installed here.
      return [name, texts.filter((text) => !/^Cannot find module '(?!@?roomkit|\.)/.test(text))];
    }),
  );
}
