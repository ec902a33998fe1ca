import { RoomKitError } from "./error.ts";

/** Options with every one of them there. */
export type Resolved<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/** What has no member that is explicitly `undefined`. */
export type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
} & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] };

/** The same without the members that are explicitly `undefined`: what may be spread over defaults, or given to who counts members. */
export function defined<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** For every numeric option the least and the most it may be. */
export type OptionRanges<T> = {
  readonly [K in keyof T as NonNullable<T[K]> extends number ? K : never]-?: readonly [least: number, most: number];
};

/**
 * The options of a component: what is given, defaults for what is not (an explicit `undefined` counts as not given). Of `given` only what
 * has a default is looked at.
 *
 * @throws RoomKitError `invalid_option` for a number out of its range, or something else in its place.
 */
export function optionsWithin<T extends object>(
  given: { readonly [K in keyof T]?: T[K] | undefined },
  defaults: Resolved<T>,
  ranges: OptionRanges<T>,
): Resolved<T> {
  const known = Object.keys(defaults).map((name) => [name, given[name as keyof T]]);
  const resolved: Resolved<T> = { ...defaults, ...defined(Object.fromEntries(known)) };
  for (const [name, [least, most]] of Object.entries(ranges) as [keyof T & string, readonly [number, number]][]) {
    const value: unknown = resolved[name];
    if (typeof value === "number" && value >= least && value <= most) continue;
    throw new RoomKitError("invalid_option", `${name} must be ${least} to ${most}, not ${String(value)}`);
  }
  return resolved;
}
