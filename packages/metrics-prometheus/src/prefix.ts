import { RoomKitError } from "@roomkit/core";

/** @throws RoomKitError `invalid_option` for what no name of a metric may begin with. */
export function checkPrefix(owner: string, prefix: string): string {
  if (prefix === "" || /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(prefix)) return prefix;
  throw new RoomKitError("invalid_option", `${owner}: prefix must be letters, digits and underscores, not "${prefix}"`);
}
