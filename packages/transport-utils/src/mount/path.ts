import { RoomKitError } from "@roomkit/core";

/** Where a mount's endpoints go: `""`, or parts that each begin with a slash. @throws RoomKitError `invalid_option` */
export function mountPath(path: string): string {
  if (!/^(?:\/[\w.~-]+)*$/.test(path)) {
    throw new RoomKitError("invalid_option", "path is like /voice, without a slash at its end");
  }
  return path;
}
