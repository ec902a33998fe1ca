import { RoomKitError } from "../errors/error.ts";

/**
 * Data as JSON, for stores that keep it as text. Fields that are `undefined` are left out.
 *
 * @throws RoomKitError `invalid_data` for what JSON cannot hold: functions, live objects, bytes, bigints, numbers that are none.
 */
export function encodeData(value: unknown): string {
  try {
    return JSON.stringify(value, assertPlain) ?? "null";
  } catch (error) {
    if (RoomKitError.is(error)) throw error;
    throw new RoomKitError("invalid_data", "only data can be stored, as JSON", { cause: error });
  }
}

function assertPlain(this: unknown, key: string, value: unknown): unknown {
  // What an object's `toJSON` made of it comes as `value`; what it was stands in its owner.
  const given: unknown = (this as Record<string, unknown>)[key];
  const prototype: unknown =
    typeof given === "object" && given !== null && !Array.isArray(given) ? Object.getPrototypeOf(given) : null;
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
  const fits =
    typeof given === "number" ? Number.isFinite(given) : !["function", "symbol", "bigint"].includes(typeof given);
  if (!(plain && fits))
    throw new RoomKitError("invalid_data", "only data can be stored, as JSON: no live objects, no bytes");
  return value;
}
