import ts from "typescript";
import { compilerOptions, packages, root } from "./readmes.fixture.ts";

/** Not called by applications, or in the browser without core's errors. */
const INTERNAL = [
  "call",
  "client",
  "playground",
  "protocol",
  "provider-standins",
  "provider-utils",
  "testing",
  "transport-utils",
  "worker-pool",
];
/** What applications make of core; the rest of it is for who writes channels and providers. */
const OF_CORE = ["RoomKit", "InProcessLocks", "MemoryStore"];

interface Option {
  readonly name: string;
  readonly required: boolean;
  /** Something of the right kind. */
  readonly sample: unknown;
}

export interface Factory {
  readonly name: string;
  readonly at: number;
  readonly options: readonly Option[];
  readonly optional: boolean;
}

const SAMPLES: readonly (readonly [flags: ts.TypeFlags, sample: unknown])[] = [
  [ts.TypeFlags.StringLike, "text"],
  [ts.TypeFlags.NumberLike, 1],
  [ts.TypeFlags.BooleanLike, true],
];

/** The packages that give applications something to make, and their modules. */
export const files: ReadonlyMap<string, string> = new Map(
  packages.filter((name) => !INTERNAL.includes(name)).map((name) => [name, `${root}packages/${name}/src/index.ts`]),
);
const program = ts.createProgram([...files.values()], compilerOptions());

/** Those of a package: every function and class that takes options, with their names and kinds as its types say. */
export function factories(packageName: string): Factory[] {
  const made = ({ name }: Factory): boolean => packageName !== "core" || OF_CORE.includes(name);
  return factoriesOf(files.get(packageName) as string).filter(made);
}

function factoriesOf(file: string): Factory[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file) as ts.SourceFile;
  const module = checker.getSymbolAtLocation(source);
  if (!module) return [];
  const typeOf = (symbol: ts.Symbol): ts.Type => checker.getTypeOfSymbolAtLocation(symbol, source);
  const option = (symbol: ts.Symbol): Option => {
    const type = checker.getNonNullableType(typeOf(symbol));
    const one = type.isUnion() ? (type.types[0] as ts.Type) : type;
    const plain = SAMPLES.find(([flags]) => one.flags & flags);
    const sample = plain
      ? plain[1]
      : checker.isArrayType(one)
        ? []
        : one.getCallSignatures().length > 0
          ? () => {}
          : {};
    return { name: symbol.name, required: (symbol.flags & ts.SymbolFlags.Optional) === 0, sample };
  };
  return checker.getExportsOfModule(module).flatMap((exported) => {
    // A class that its factory alone makes.
    if (exported.declarations?.some(ts.isTypeOnlyExportDeclaration)) return [];
    const type = typeOf(exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported);
    const [signature] = [...type.getCallSignatures(), ...type.getConstructSignatures()];
    const at = signature?.parameters.findIndex(({ name }) => name === "options" || name === "config") ?? -1;
    const parameter = signature?.parameters[at];
    if (!parameter) return [];
    const options = checker.getPropertiesOfType(checker.getNonNullableType(typeOf(parameter))).map(option);
    const declaration = parameter.valueDeclaration as ts.ParameterDeclaration;
    const optional = declaration.initializer !== undefined || declaration.questionToken !== undefined;
    return [{ name: exported.name, at, options, optional }];
  });
}
