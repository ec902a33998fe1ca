import { Ajv, type ValidateFunction } from "ajv";
import { type GeneratedSchema, type SdkType, schemaOfType } from "./generate.ts";

type Schema = Readonly<Record<string, unknown>>;

export interface Check {
  /** What is wrong with a value, in a line; undefined when it fits. */
  (value: unknown): Promise<string | undefined>;
  /** Makes (or reads) the schema ahead of the first value. */
  load(): Promise<void>;
}

export interface CheckOptions {
  /** The property whose value tells the members of a union apart. Without it the whole type is compiled and tried. */
  readonly by?: string | undefined;
  /** Accept `null` for optional properties, as vendors send it. Default false. */
  readonly nullIsAbsent?: boolean | undefined;
  /**
   * Properties that may be absent although the types require them: what the SDK itself adds, or only some versions know.
   * `Type.property` is that of one type, `property` any of this name.
   */
  readonly mayLack?: readonly string[] | undefined;
}

/**
 * Checks values against a type of an SDK. Of a union only the member that a value claims to be is compiled (all of OpenAI's
 * take seconds) and tried (its complaint says what is wrong; "fits none of 50" does not).
 */
export function checkAgainst(source: SdkType, options: CheckOptions = {}): Check {
  const key = JSON.stringify([source, options]);
  const load = (): Promise<Compiler> => {
    let compiler = compilers.get(key);
    if (!compiler) {
      compiler = schemaOfType(source).then((schema) => new Compiler(schema, source.type, options));
      compilers.set(key, compiler);
    }
    return compiler;
  };
  const check = async (value: unknown): Promise<string | undefined> => (await load()).check(value);
  return Object.assign(check, { load: async () => void (await load()) });
}

/** Every test starts a stand-in of its own; what was compiled for one serves all. As many as there are types in use. */
const compilers = new Map<string, Promise<Compiler>>();

class Compiler {
  // The schemas are generated, and each is compiled for a handful of values: checking and optimizing them takes longer than that.
  readonly #ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false, code: { optimize: false } });
  readonly #root: string;
  readonly #by: string | undefined;
  /** Discriminating value to the names of the definitions that have it. */
  readonly #members = new Map<string, string[]>();
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(schema: GeneratedSchema, root: string, { by, nullIsAbsent = false, mayLack = [] }: CheckOptions) {
    const absent = new Set(mayLack);
    const loosened =
      absent.size > 0
        ? Object.fromEntries(
            Object.entries(schema.definitions).map(([type, each]) => [type, withoutRequired(each, absent, type)]),
          )
        : schema.definitions;
    const definitions = (nullIsAbsent ? allowNull(loosened) : loosened) as Record<string, Schema>;
    this.#ajv.addSchema({ $id: "sdk", definitions });
    this.#root = root;
    this.#by = by;
    if (by !== undefined) this.#collect(definitions, root, by);
  }

  check(value: unknown): string | undefined {
    const names = this.#by === undefined ? [this.#root] : this.#members.get(String(field(value, this.#by)));
    if (!names) return `there is no ${this.#root} with ${this.#by} ${JSON.stringify(field(value, this.#by as string))}`;
    let complaint = "";
    for (const name of names) {
      const validate = this.#validate(name);
      if (validate(value)) return undefined;
      complaint = `not a ${name}: ${this.#ajv.errorsText(validate.errors?.slice(0, 3), { dataVar: "" })}`;
    }
    return complaint;
  }

  #validate(name: string): ValidateFunction {
    let validate = this.#compiled.get(name);
    if (!validate) {
      validate = this.#ajv.compile({ $ref: `sdk#/definitions/${encodeURIComponent(name)}` });
      this.#compiled.set(name, validate);
    }
    return validate;
  }

  /** Walks through nested unions down to the objects that have the property. */
  #collect(definitions: Record<string, Schema>, name: string, by: string): void {
    const definition = definitions[name];
    if (typeof definition?.$ref === "string") this.#collect(definitions, nameOf(definition.$ref), by);
    for (const member of (definition?.anyOf as Schema[] | undefined) ?? []) {
      if (typeof member.$ref === "string") this.#collect(definitions, nameOf(member.$ref), by);
    }
    const property = (definition?.properties as Record<string, Schema> | undefined)?.[by];
    const values = (property?.enum as unknown[] | undefined) ?? (property?.const === undefined ? [] : [property.const]);
    for (const value of values) {
      const names = this.#members.get(String(value)) ?? [];
      if (!names.includes(name)) this.#members.set(String(value), [...names, name]);
    }
  }
}

function nameOf(ref: string): string {
  return decodeURIComponent(ref.replace("#/definitions/", ""));
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The schema of a type with these properties required nowhere. */
function withoutRequired(schema: unknown, absent: ReadonlySet<string>, type: string): unknown {
  if (Array.isArray(schema)) return schema.map((inner) => withoutRequired(inner, absent, type));
  if (typeof schema !== "object" || schema === null) return schema;
  const required = (name: unknown): boolean => !absent.has(String(name)) && !absent.has(`${type}.${name}`);
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      const names = key === "required" && Array.isArray(value);
      return [key, names ? value.filter(required) : withoutRequired(value, absent, type)];
    }),
  );
}

/** The schema with every optional property also taking null. */
function allowNull(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(allowNull);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, allowNull(value)]));
  if (typeof copy.properties !== "object" || copy.properties === null) return copy;
  const required = new Set((copy.required as string[] | undefined) ?? []);
  copy.properties = Object.fromEntries(
    Object.entries(copy.properties).map(([key, value]) => [
      key,
      required.has(key) ? value : { anyOf: [value, { type: "null" }] },
    ]),
  );
  return copy;
}
