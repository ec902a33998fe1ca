import { RoomKitError } from "@roomkit/core";

/** @throws RoomKitError `invalid_message` for what is no JSON. */
export function jsonOf(message: unknown): string {
  try {
    const text: string | undefined = JSON.stringify(message);
    if (text !== undefined) return text;
  } catch {
    // A cycle or a bigint: told below.
  }
  throw new RoomKitError("invalid_message", "an application's message is JSON");
}
