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
  "react",
  "testing",
  "transport-utils",
  "worker-pool",
];
/** All that counts of a package: of core what applications make, not what is for who writes channels and providers; and what is not another's. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  core: ["RoomKit", "InProcessLeases", "InProcessBus", "MemoryStore"],
  roomkit: ["voice"],
};

interface Option {
  readonly name: string;
  readonly required: boolean;
  /** Something of the right kind. */
  readonly sample: unknown;
  /** What its type does not allow, and which name a refusal has to tell. */
  readonly wrong: readonly { readonly value: unknown; readonly named: string }[];
}

export interface Factory {
  readonly name: string;
  readonly at: number;
  readonly options: readonly Option[];
  readonly optional: boolean;
}

const SAMPLES: readonly (readonly [flags: ts.TypeFlags, sample: unknown])[] = [
  // Any text; as the file of a database one that leaves none behind.
  [ts.TypeFlags.StringLike, ":memory:"],
  [ts.TypeFlags.NumberLike, 16_000],
  [ts.TypeFlags.BooleanLike, true],
];

/** The packages that give applications something to make, and their modules. */
export const files: ReadonlyMap<string, string> = new Map(
  packages.filter((name) => !INTERNAL.includes(name)).map((name) => [name, `${root}packages/${name}/src/index.ts`]),
);
const program = ts.createProgram([...files.values()], compilerOptions());

/** Those of a package: every function and class that takes options, with their names and kinds as its types say. */
export function factories(packageName: string): Factory[] {
  const made = ({ name }: Factory): boolean => ONLY[packageName]?.includes(name) ?? true;
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
      ? one.isStringLiteral()
        ? one.value
        : plain[1]
      : checker.isArrayType(one)
        ? []
        : one.getCallSignatures().length > 0
          ? () => {}
          : methodsOf(one);
    const required = (symbol.flags & ts.SymbolFlags.Optional) === 0;
    return { name: symbol.name, required, sample, wrong: wrongFor(symbol.name, type) };
  };
  /** Nothing of any kind, a value that is none of those listed, no number at all, and options within an option that are wrong. */
  const wrongFor = (own: string, type: ts.Type): Option["wrong"] => {
    const parts = type.isUnion() ? type.types : [type];
    const takes = (flags: ts.TypeFlags): boolean =>
      parts.some((part) => (part.flags & (flags | ts.TypeFlags.Any)) !== 0);
    const values: unknown[] = [Symbol("wrong"), null];
    if (!takes(ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral)) values.push("no such value");
    if (takes(ts.TypeFlags.Number)) values.push(Number.NaN);
    if (parts.some((part) => checker.isArrayType(part))) values.push([Symbol("wrong")], [null]);
    const within = parts.filter(isOptions).flatMap((part) => {
      const members = part.getProperties();
      const needed = members.map(option).filter(({ required }) => required);
      const sound = Object.fromEntries(needed.map(({ name, sample }) => [name, sample]));
      return members.map(({ name }) => ({ value: { ...sound, [name]: Symbol("wrong") }, named: name }));
    });
    return [...values.map((value) => ({ value, named: own })), ...within];
  };
  /** Data, and some of it may be left out: no provider, clock, logger or the like, and no map. */
  const isOptions = (type: ts.Type): boolean =>
    (type.flags & ts.TypeFlags.Object) !== 0 &&
    !type.isClass() &&
    !checker.isArrayType(type) &&
    !checker.isTupleType(type) &&
    type.getCallSignatures().length === 0 &&
    type.getProperties().some(({ flags }) => flags & ts.SymbolFlags.Optional) &&
    type.getProperties().every((member) => checker.getNonNullableType(typeOf(member)).getCallSignatures().length === 0);
  const methodsOf = (type: ts.Type): object =>
    Object.fromEntries(
      type
        .getProperties()
        .filter((member) => typeOf(member).getCallSignatures().length > 0)
        .map(({ name }) => [name, () => {}]),
    );
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
