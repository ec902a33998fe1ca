import type { LogFields } from "../log/logger.ts";
import { RoomKitError } from "./error.ts";

/**
 * What a log says of an error, the same for every part and vendor: its `code`, the `provider` and the HTTP `status` of a vendor's failure,
 * the `name` of an error that is none of ours. Never its message: that may quote the vendor, and the vendor what was said, or a key.
 */
export function errorFields(thrown: unknown): LogFields {
  const { code, details } = RoomKitError.from(thrown);
  const { provider, status } = details;
  return {
    code,
    ...(provider === undefined ? {} : { provider }),
    ...(status === undefined ? {} : { status }),
    ...(!RoomKitError.is(thrown) && thrown instanceof Error ? { name: thrown.name } : {}),
  };
}
