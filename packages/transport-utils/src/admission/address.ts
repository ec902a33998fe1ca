import { BlockList, isIP } from "node:net";
import { RoomKitError } from "@roomkit/core";

/** IPv4 addresses arrive on dual-stack sockets as `::ffff:1.2.3.4`. */
function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

/** Finds out what proxies in front of this server say of a client. */
export interface ProxyResolver {
  /**
   * A client's address. `X-Forwarded-For` is believed only as far as it was written by a trusted proxy: from the right, the first
   * address that is not one.
   */
  address(socketAddress: string, forwardedFor: string | undefined): string;
  /** The host a client asked for: of what a trusted proxy forwards the first, otherwise what the request itself names. */
  host(socketAddress: string, named: string | undefined, forwardedHost: string | undefined): string | undefined;
}

/**
 * A resolver for one set of trusted proxies; without any, what is forwarded is ignored.
 *
 * @param trusted addresses or CIDR blocks of the proxies in front of this server.
 * @throws RoomKitError `invalid_option` for what is neither.
 */
export function proxyResolver(trusted: readonly string[] = []): ProxyResolver {
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
  return {
    address(socketAddress, forwardedFor) {
      let address = plainAddress(socketAddress);
      if (forwardedFor === undefined) return address;
      const hops = forwardedFor.split(",").map((hop) => plainAddress(hop.trim()));
      while (isTrusted(address)) {
        const before = hops.pop();
        // What is not an address was written by nobody we trust.
        if (before === undefined || isIP(before) === 0) break;
        address = before;
      }
      return address;
    },
    host(socketAddress, named, forwardedHost) {
      const [first = ""] = forwardedHost?.split(",") ?? [];
      return first.trim() !== "" && isTrusted(plainAddress(socketAddress)) ? first.trim() : named;
    },
  };
}
