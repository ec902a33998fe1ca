import { RoomKitError } from "./error.ts";

type OptionKind = "string" | "number" | "boolean" | "function" | "object" | "array";

/** The names of options by what they are; one that stands under several may be any of them. */
export type OptionKinds<T> = { readonly [Kind in OptionKind]?: readonly (keyof T & string)[] };

/**
 * Checks what kind of thing each option is, before anything is made of them: whoever writes JavaScript, or reads them from a file, has no
 * compiler that tells.
 *
 * @param owner What they are for, as the application calls it.
 * @param required Those that have no default.
 * @throws RoomKitError `invalid_option` that names the option, when one is missing or something else than it should be
 */
export function assertOptions<T extends object>(
  owner: string,
  options: T,
  kinds: OptionKinds<T>,
  required: readonly (keyof T & string)[] = [],
): void {
  if (typeof options !== "object" || options === null)
    throw new RoomKitError("invalid_option", `${owner} takes an object of options, not ${told(options)}`);
  // What must be given is asked for first, in its order.
  const allowed = new Map<string, string[]>(required.map((name) => [name, []]));
  for (const [kind, names] of Object.entries(kinds) as [string, readonly string[]][])
    for (const name of names) allowed.set(name, [...(allowed.get(name) ?? []), kind]);
  for (const [name, fitting] of allowed) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    const missing = value === undefined && (required as readonly string[]).includes(name);
    if (missing || (value !== undefined && !fitting.some((kind) => isA(kind, value))))
      throw new RoomKitError(
        "invalid_option",
        `${owner}: ${name} must be ${fitting.map(article).join(" or ")}, not ${told(value)}`,
      );
  }
}

function isA(kind: string, value: unknown): boolean {
  if (kind === "array") return Array.isArray(value);
  // A class with static members is as good as an object.
  if (kind === "object")
    return value !== null && (typeof value === "object" || typeof value === "function") && !Array.isArray(value);
  return typeof value === kind;
}

/** What something is, and never what it says: it may be a key that stands in the wrong place. */
function told(value: unknown): string {
  return value === undefined
    ? "undefined"
    : value === null
      ? "null"
      : article(Array.isArray(value) ? "array" : typeof value);
}

const article = (kind: string): string => `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
