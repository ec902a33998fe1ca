import { BlockList, isIP } from "node:net";
import { RoomKitError } from "@roomkit/core";

/** IPv4 addresses arrive on dual-stack sockets as `::ffff:1.2.3.4`. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

/** Finds out a client's address. */
export type AddressResolver = (socketAddress: string, forwardedFor: string | undefined) => string;

/**
 * A resolver that believes `X-Forwarded-For` only as far as it was written by a trusted proxy: from the right, the first address
 * that is not one. Without trusted proxies the header is ignored.
 *
 * @param trusted addresses or CIDR blocks of the proxies in front of this server.
 * @throws RoomKitError `invalid_option` for what is neither.
 */
export function addressResolver(trusted: readonly string[] = []): AddressResolver {
  const proxies = new BlockList();
  for (const entry of trusted) {
    const [address = "", prefix] = entry.split("/");
    const family = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    if (family === 0 || (bits !== undefined && !(bits >= 0 && bits <= (family === 4 ? 32 : 128)))) {
      throw new RoomKitError("invalid_option", "a trusted proxy is an IP address or a CIDR block");
    }
    const type = family === 4 ? "ipv4" : "ipv6";
    if (bits === undefined) proxies.addAddress(address, type);
    else proxies.addSubnet(address, bits, type);
  }
  const isTrusted = (address: string): boolean => {
    const family = isIP(address);
    return family !== 0 && proxies.check(address, family === 4 ? "ipv4" : "ipv6");
  };
  return (socketAddress, forwardedFor) => {
    let address = plainAddress(socketAddress);
    if (trusted.length === 0 || forwardedFor === undefined) return address;
    const hops = forwardedFor.split(",").map((hop) => plainAddress(hop.trim()));
    while (isTrusted(address)) {
      const before = hops.pop();
      // What is not an address was written by nobody we trust.
      if (before === undefined || isIP(before) === 0) break;
      address = before;
    }
    return address;
  };
}
