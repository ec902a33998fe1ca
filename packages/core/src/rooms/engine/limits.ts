import { RoomKitError } from "../../errors/error.ts";
import type { RoomKitLimits } from "../options.ts";

/** The longest a platform timer can be, in ms. */
const MAX = 2 ** 31 - 1;

const DEFAULTS: RoomKitLimits = {
  maxChainDepth: 5,
  processTimeoutMs: 30_000,
  deliveryTimeoutMs: 30_000,
  streamIdleTimeoutMs: 60_000,
  streamDeliveryTimeoutMs: 600_000,
  closeTimeoutMs: 10_000,
  maxReplyChars: 1_000_000,
  maxPendingDeliveries: 1_000,
  leaseTtlMs: 5_000,
  keptSessionMs: 60_000,
  storeTimeoutMs: 1_000,
  maxKeptEvents: 1_000,
  maxKeptLength: 32_000_000,
};

/** Fills in the defaults. @throws RoomKitError `invalid_option`. */
export function resolveLimits(
  given: { readonly [K in keyof RoomKitLimits]?: RoomKitLimits[K] | undefined },
): RoomKitLimits {
  const limits: Record<keyof RoomKitLimits, number> = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof RoomKitLimits)[]) {
    const value = given[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < 1 || value > MAX) {
      throw new RoomKitError("invalid_option", `${name} must be a whole number from 1 to ${MAX}`);
    }
    limits[name] = value;
  }
  return limits;
}
