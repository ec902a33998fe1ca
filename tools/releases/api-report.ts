import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

/** Folder names of the packages that have an API. */
export function packagesOf(root: string): string[] {
  return readdirSync(join(root, "packages")).filter((name) => existsSync(join(root, "packages", name, "src/index.ts")));
}

/** Where a package's report stands. */
export const reportFile = (root: string, name: string): string => join(root, "packages", name, "api.md");

/**
 * What a package offers, as declarations without comments: what it exports, and the types of its own that these are made of.
 * It is made of the sources alone: nothing need be built.
 */
export function apiReport(root: string, name: string): string {
  const entry = join(root, "packages", name, "src/index.ts");
  const program = ts.createProgram([entry], options, host());
  const source = program.getSourceFile(entry);
  const checker = program.getTypeChecker();
  const symbol = source && checker.getSymbolAtLocation(source);
  if (source === undefined || symbol === undefined) throw new Error(`${entry} exports nothing.`);

  const lines: string[] = [];
  const exported = new Set<ts.Symbol>();
  const open: ts.Symbol[] = [];
  for (const each of checker.getExportsOfModule(symbol)) {
    const target = aliased(checker, each);
    if (target.declarations === undefined) lines.push(reexport(each));
    else {
      if (target.name !== each.name) lines.push(`export { ${target.name} as ${each.name} };`);
      exported.add(target);
      open.push(target);
    }
  }

  const found = new Set(open);
  const others = new Map<string, Set<string>>();
  const inner: string[] = [];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const declaration of statementsOf(next)) {
      const printed = print(declaration, exported.has(next));
      (exported.has(next) ? lines : inner).push(printed);
      visit(declaration);
    }
  }
  const imports = [...others].sort().map(([from, names]) => `import { ${[...names].sort().join(", ")} } from ${from};`);
  const parts = [imports, lines.sort(byName), inner.length === 0 ? [] : ["// Not exported:", ...inner.sort(byName)]];
  const text = parts.map((part, i) => part.join(i === 0 ? "\n" : "\n\n")).filter((part) => part !== "");
  const { name: full } = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
  return `# What ${full} exports\n\nWritten by \`npm run api\`.\n\n\`\`\`ts\n${text.join("\n\n")}\n\`\`\`\n`;

  function visit(node: ts.Node): void {
    if (ts.isIdentifier(node)) {
      const used = checker.getSymbolAtLocation(node);
      const from = used?.declarations?.map(importedFrom).find((module) => module !== undefined);
      if (used && from !== undefined) others.set(from, (others.get(from) ?? new Set()).add(importedName(used)));
      const target = used && aliased(checker, used);
      if (target?.declarations?.some(isTopLevel) && !found.has(target)) {
        found.add(target);
        open.push(target);
      }
    }
    ts.forEachChild(node, visit);
  }
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  jsx: ts.JsxEmit.ReactJSX,
  allowImportingTsExtensions: true,
  isolatedDeclarations: true,
  removeComments: true,
  noLib: true,
  types: [],
};

/** Sources as the declarations that the compiler makes of them; modules of other packages are not looked at. */
function host(): ts.CompilerHost {
  const own = ts.createCompilerHost({});
  return {
    ...own,
    getSourceFile: (file) => {
      const text = readFileSync(file, "utf8");
      const { outputText } = ts.transpileDeclaration(text, { fileName: file, compilerOptions: options });
      return ts.createSourceFile(file, outputText, ts.ScriptTarget.ES2023, true);
    },
    resolveModuleNameLiterals: (literals, from) =>
      literals.map(({ text }) => {
        const file = resolve(dirname(from), text);
        const resolved = text.startsWith(".") && existsSync(file);
        const extension = file.endsWith("x") ? ts.Extension.Tsx : ts.Extension.Ts;
        return { resolvedModule: resolved ? { resolvedFileName: file, extension } : undefined };
      }),
  };
}

function aliased(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** `export { a } from "other"` */
function reexport(symbol: ts.Symbol): string {
  const [specifier] = symbol.declarations ?? [];
  const module = specifier && importedFrom(specifier);
  if (module === undefined) throw new Error(`Where does ${symbol.name} come from?`);
  return `export { ${importedName(symbol)} } from ${module};`;
}

function importedName(symbol: ts.Symbol): string {
  const [specifier] = symbol.declarations ?? [];
  if (specifier && ts.isNamespaceImport(specifier)) return `* as ${symbol.name}`;
  const original =
    specifier && (ts.isImportSpecifier(specifier) || ts.isExportSpecifier(specifier)) && specifier.propertyName;
  return original && original.text !== symbol.name ? `${original.text} as ${symbol.name}` : symbol.name;
}

/** The other package's name, in quotes, of a specifier that names one. */
function importedFrom(declaration: ts.Declaration): string | undefined {
  const clause = ts.findAncestor(
    declaration,
    (node): node is ts.ImportDeclaration | ts.ExportDeclaration =>
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node),
  );
  const module = clause?.moduleSpecifier?.getText();
  return module === undefined || /^["']\./.test(module) ? undefined : module;
}

function isTopLevel(declaration: ts.Declaration): boolean {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return ts.isStatement(statement) && ts.isSourceFile(statement.parent);
}

function statementsOf(symbol: ts.Symbol): ts.Node[] {
  const statements = (symbol.declarations ?? []).map((declaration) =>
    ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration,
  );
  return [...new Set(statements)];
}

const printer = ts.createPrinter({ removeComments: true });

function print(node: ts.Node, exported: boolean): string {
  const text = printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
  const bare = text.replace(/^(export )?(declare )?/, "");
  return exported ? `export ${bare}` : bare;
}

function byName(a: string, b: string): number {
  const [one, two] = [nameOf(a), nameOf(b)];
  return one < two ? -1 : one > two ? 1 : 0;
}

function nameOf(declaration: string): string {
  return (
    /^(?:export )?(?:abstract )?(?:class|const|enum|function|interface|let|namespace|type)\s+(\w+)/.exec(
      declaration,
    )?.[1] ?? declaration
  );
}
