import ts from "typescript";
import { describe, expect, it } from "vitest";
import { RoomKitError } from "../../packages/core/src/errors/error.ts";
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
/** Made by its factory alone. */
const NOT_MADE = ["SileroVad"];

interface Option {
  readonly name: string;
  readonly required: boolean;
  /** Something of the right kind. */
  readonly sample: unknown;
}

interface Factory {
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

/** Every function and class a package gives applications that takes options, with their names and kinds as its types say. */
function factoriesOf(program: ts.Program, file: string): Factory[] {
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

/** What is wrong with how a factory takes `given` for its options: nothing, when that fails with a code and by its name. */
async function wrongWith(make: unknown, { at }: Factory, given: unknown, named: string): Promise<string | undefined> {
  const args = [...Array.from({ length: at }, () => ({})), given];
  const isClass = /^class\b/.test(Function.prototype.toString.call(make));
  try {
    if (isClass) Reflect.construct(make as new () => unknown, args);
    else await (make as (...all: unknown[]) => unknown)(...args);
  } catch (error) {
    if (RoomKitError.is(error, "invalid_option") && error.message.includes(named)) return undefined;
    return String(error);
  }
  return "it was taken";
}

describe("options of the wrong kind", () => {
  const files = new Map(
    packages.filter((name) => !INTERNAL.includes(name)).map((name) => [name, `${root}packages/${name}/src/index.ts`]),
  );
  const program = ts.createProgram([...files.values()], compilerOptions());

  it.each([...files])(
    "are refused by %s with a code that names them",
    { timeout: 120_000 },
    async (packageName, file) => {
      const module = (await import(file)) as Readonly<Record<string, unknown>>;
      const wrong: string[] = [];
      for (const factory of factoriesOf(program, file)) {
        const { name, options, optional } = factory;
        if (NOT_MADE.includes(name) || (packageName === "core" && !OF_CORE.includes(name))) continue;
        const tell = async (given: unknown, named: string, what: string): Promise<void> => {
          const told = await wrongWith(module[name], factory, given, named);
          if (told !== undefined) wrong.push(`${name}(${what}): ${told}`);
        };
        for (const given of [null, 5, "text", ...(optional ? [] : [undefined])]) await tell(given, name, String(given));
        const needed = options.filter(({ required }) => required);
        if (needed[0]) await tell({}, needed[0].name, "{}");
        const sound = Object.fromEntries(needed.map(({ name: key, sample }) => [key, sample]));
        for (const { name: key } of options)
          for (const value of [Symbol("wrong"), null])
            await tell({ ...sound, [key]: value }, key, `${key}: ${String(value)}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  it("are looked for in every factory there is", { timeout: 60_000 }, () => {
    const names = [...files.values()].flatMap((file) => factoriesOf(program, file).map(({ name }) => name));
    expect(names).toEqual(
      expect.arrayContaining(["sherpaStt", "openaiRealtime", "VoiceChannel", "WebRTCTransport", "RoomKit"]),
    );
    expect(names.length).toBeGreaterThan(40);
  });
});
