import { RoomKitError } from "../errors/error.ts";

/** Somebody else holds a lease, and held it for as long as it was waited for. */
export function heldError(owner: string, waitMs: number): RoomKitError {
  return new RoomKitError("timeout", `a lease was not free within ${waitMs} ms: ${owner} holds it`, {
    retryable: true,
    details: { heldBy: owner },
  });
}

export function closedError(): RoomKitError {
  return new RoomKitError("closed", "the leases are closed");
}
