import { networkInterfaces } from "node:os";

/**
 * The addresses of this machine that a client may reach: of every interface that is up, without loopback and link-local.
 * Recomputed for each call, because interfaces come and go.
 */
export function hostAddresses(options: { readonly ipv6: boolean }): string[] {
  const out: string[] = [];
  for (const entries of Object.values(networkInterfaces())) {
    for (const entry of entries ?? []) {
      if (entry.internal || /^(127\.|::1$|fe80:|169\.254\.)/i.test(entry.address)) continue;
      if (entry.family === "IPv4" || options.ipv6) out.push(entry.address);
    }
  }
  return out;
}
