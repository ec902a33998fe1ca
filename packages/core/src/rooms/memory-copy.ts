import { RoomKitError } from "../errors/error.ts";
import { deepFreeze } from "./engine/freeze.ts";

/** A frozen copy of its own. @throws RoomKitError `invalid_data` when it holds what cannot be stored (functions, sockets). */
export function copy<T>(value: T): T {
  try {
    return deepFreeze(structuredClone(value));
  } catch (error) {
    throw new RoomKitError("invalid_data", "only data can be stored: no functions, no live objects", { cause: error });
  }
}
