import ts from "typescript";
import { packages, read, readmes, root, sitePages } from "./markdown.ts";

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

/** Packages of others that an example may use without their being installed here. */
const FOREIGN: readonly string[] = ["@ai-sdk/openai"];

export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** The blocks of code of a page. */
function blocks(page: string): readonly Block[] {
  const text = read(page);
  const fences = text.matchAll(/^( *)(`{3,})(\S*)[^\n]*\n([\s\S]*?)^\1\2 *$/gm);
  return [...fences].map(({ index, 1: indent = "", 3: language = "", 4: code = "" }) => ({
    page,
    line: text.slice(0, index).split("\n").length,
    language,
    code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

export const allBlocks: readonly Block[] = [...readmes, ...sitePages].flatMap(blocks);

/** Where the program of a block stands: where its page's package is, so that what that depends on is found. */
export function placeOf({ page, language, line }: Block): string {
  const [, owner] = /^((?:packages|apps)\/[\w-]+)\//.exec(page) ?? [];
  const folder = owner && owner !== "apps/docs" ? owner : language === "tsx" ? "packages/react" : "apps/demo-server";
  return `${root}${folder}/src/${page.replaceAll(/\W/g, "-")}-${line}.tsx`;
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
      return [
        name,
        texts.filter((text) => !FOREIGN.some((module) => text.startsWith(`Cannot find module '${module}'`))),
      ];
    }),
  );
}

export { packages, root };
