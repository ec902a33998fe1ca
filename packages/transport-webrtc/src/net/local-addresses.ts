import { networkInterfaces } from "node:os";
import { addressScope } from "../sdp/candidate-policy.ts";

/**
 * The addresses of this machine that a client may reach: of every interface that is up, without loopback and link-local.
 * Recomputed for each call, because interfaces come and go.
 */
export function hostAddresses(options: { readonly ipv6: boolean }): string[] {
  const out: string[] = [];
  for (const entries of Object.values(networkInterfaces())) {
    for (const entry of entries ?? []) {
      if (entry.internal || addressScope(entry.address) === "loopback") continue;
      if (/^(fe80:|169\.254\.)/i.test(entry.address)) continue;
      if (entry.family === "IPv4" || options.ipv6) out.push(entry.address);
    }
  }
  return out;
}
