import { RoomKitError } from "./error.ts";

/** `number`: from 0, as what is counted or measured is; `strings`, `objects`: an array of them. */
type OptionKind = "string" | "number" | "boolean" | "function" | "object" | "array" | "strings" | "objects";

/** The members that the objects among the values of an option have, any of them. */
type Members<Value> = {
  readonly [Key in MemberName<Value>]?: Value extends { readonly [Same in Key]?: infer Member } ? Member : never;
};
type MemberName<Value> = Value extends object ? keyof Value : never;

/** The names of options by what they are; one that stands under several may be any of them. */
export type OptionKinds<T> = { readonly [Kind in OptionKind]?: readonly (keyof T & string)[] } & {
  /** Those that have no default. */
  readonly required?: readonly (keyof T & string)[] | undefined;
  /** Options of which only these values are taken. */
  readonly oneOf?: { readonly [Key in keyof T]?: readonly Extract<T[Key], string | boolean>[] } | undefined;
  /** Numbers without a default, with the least and the most they may be; `optionsWithin` checks the others. */
  readonly within?: { readonly [Key in keyof T]?: readonly [least: number, most: number] } | undefined;
  /** Objects that are options themselves. */
  readonly members?: { readonly [Key in keyof T]?: OptionKinds<Members<T[Key]>> } | undefined;
};

/** What may stand at an option, and how that is told. */
interface Fit {
  readonly told: string;
  readonly takes: (value: unknown) => boolean;
}

/**
 * Checks what each option is, before anything is made of them: whoever writes JavaScript, or reads them from a file, has no compiler
 * that tells.
 *
 * @param owner What they are for, as the application calls it.
 * @throws RoomKitError `invalid_option` that names the option, when one is missing or something else than it should be
 */
export function assertOptions<T extends object>(owner: string, options: T, kinds: OptionKinds<T>): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new RoomKitError("invalid_option", `${owner} takes an object of options, not ${kindOf(options)}`);
  check(`${owner}: `, options as Readonly<Record<string, unknown>>, kinds as AnyKinds);
}

type AnyKinds = OptionKinds<Record<string, unknown>>;

function check(where: string, options: Readonly<Record<string, unknown>>, kinds: AnyKinds): void {
  const { required = [], members = {} } = kinds;
  for (const [name, fits] of allowed(kinds)) {
    const value = options[name];
    const fitting = value === undefined ? !required.includes(name) : fits.some(({ takes }) => takes(value));
    if (!fitting)
      throw new RoomKitError(
        "invalid_option",
        `${where}${name} must be ${fits.map(({ told }) => told).join(" or ")}, not ${toldBeside(fits, value)}`,
      );
    const inner = members[name];
    if (inner && isObject(value)) check(`${where}${name}.`, value, inner);
  }
}

/** What may stand at each option; what must be given is asked for first, in its order. */
function allowed({ required = [], oneOf = {}, within = {}, members = {}, ...named }: AnyKinds): Map<string, Fit[]> {
  const all = new Map<string, Fit[]>(required.map((name) => [name, []]));
  const allow = (name: string, fit: Fit): void => {
    all.set(name, [...(all.get(name) ?? []), fit]);
  };
  for (const [kind, names] of Object.entries(named)) for (const name of names) allow(name, FITS[kind as OptionKind]);
  for (const [name, values = []] of Object.entries(oneOf))
    for (const value of values) allow(name, { told: JSON.stringify(value), takes: (given) => given === value });
  for (const [name, [least, most] = [0, 0]] of Object.entries(within)) allow(name, numberWithin(least, most));
  for (const name of Object.keys(members)) allow(name, FITS.object);
  return all;
}

function isA(kind: "string" | "boolean" | "function"): Fit {
  return { told: article(kind), takes: (value) => typeof value === kind };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  // A class with static members is as good as an object.
  return value !== null && (typeof value === "object" || typeof value === "function") && !Array.isArray(value);
}

function numberWithin(least: number, most: number): Fit {
  return {
    told: most === Number.POSITIVE_INFINITY ? `a number from ${least}` : `a number from ${least} to ${most}`,
    takes: (value) => typeof value === "number" && value >= least && value <= most,
  };
}

const FITS: Readonly<Record<OptionKind, Fit>> = {
  string: isA("string"),
  number: numberWithin(0, Number.POSITIVE_INFINITY),
  boolean: isA("boolean"),
  function: isA("function"),
  object: { told: "an object", takes: isObject },
  array: { told: "an array", takes: Array.isArray },
  objects: { told: "an array of objects", takes: (value) => Array.isArray(value) && value.every(isObject) },
  strings: {
    told: "an array of strings",
    takes: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
  },
};

/** What stands there instead; a number is told where one belongs, a string never: it may be a key in the wrong place. */
function toldBeside(fits: readonly Fit[], value: unknown): string {
  if (typeof value === "number" && fits.some(({ told }) => told.startsWith("a number"))) return String(value);
  if (typeof value === "string" && fits.some(({ told }) => told.startsWith('"'))) return "another string";
  return kindOf(value);
}

/** What something is, and never what it says. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return article(Array.isArray(value) ? "array" : typeof value);
}

function article(kind: string): string {
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}
