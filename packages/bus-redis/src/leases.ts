import type { LeaseEngine } from "@roomkit/core";
import type { Connection } from "./connection.ts";

export function leaseEngine(connection: Connection, prefix: string): LeaseEngine {
  const lease = (key: string): string => `${prefix}lease:${key}`;
  const fenceOf = (key: string): string => `${prefix}fence:${key}`;
  return {
    async take(key, owner, ttlMs, takeOver) {
      const ttl = Math.ceil(ttlMs);
      const [fence, heldBy] = (await connection.run(
        "leaseTake",
        lease(key),
        fenceOf(key),
        owner,
        ttl,
        Number(takeOver),
      )) as [string, string];
      return fence === "" ? { heldBy } : { fence: Number(fence) };
    },
    async extend(key, fence, ttlMs) {
      return (await connection.run("leaseExtend", lease(key), fenceOf(key), fence, Math.ceil(ttlMs))) === 1;
    },
    async drop(key, fence) {
      await connection.run("leaseDrop", lease(key), fence);
    },
  };
}
