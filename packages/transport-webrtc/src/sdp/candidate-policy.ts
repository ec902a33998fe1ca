import { BlockList, isIP, isIPv6, SocketAddress } from "node:net";
import type { RemoteCandidate } from "@roomkit/core";

/** Which addresses of a client the server may send packets to. */
export interface CandidatePolicy {
  /** 127.0.0.0/8 and ::1. */
  readonly loopback: boolean;
  /** RFC 1918, carrier-grade NAT (RFC 6598) and unique local IPv6 (RFC 4193). */
  readonly private: boolean;
}

/** Lowest port a check is sent to: those below belong to services. */
const MIN_PORT = 1_024;

const never = list([
  ["0.0.0.0", 8],
  ["169.254.0.0", 16], // link-local, and the metadata services of clouds
  ["192.0.0.0", 24],
  ["192.88.99.0", 24],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved and broadcast
  ["::", 128],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
  ["64:ff9b::", 96], // would reach any IPv4 address through NAT64
  ["2002::", 16], // likewise 6to4
  ["fd00:ec2::254", 128], // metadata service over IPv6
]);
const loopback = list([
  ["127.0.0.0", 8],
  ["::1", 128],
]);
const privateNetworks = list([
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["fc00::", 7],
]);

/** Whether the server may send connectivity checks to this candidate. */
export function candidateAllowed(candidate: RemoteCandidate, policy: CandidatePolicy): boolean {
  if (candidate.port < MIN_PORT) return false;
  const address = unmapped(candidate.address);
  if (inList(never, address)) return false;
  if (inList(loopback, address)) return policy.loopback;
  if (inList(privateNetworks, address)) return policy.private;
  return true;
}

/** Where an address lies; `public` is everything that is neither. Not an IP literal: `private`, since it is not known. */
export function addressScope(address: string): "loopback" | "private" | "public" {
  const literal = address.split("%")[0] as string;
  if (isIP(literal) === 0) return "private";
  const plain = unmapped(literal);
  if (inList(loopback, plain)) return "loopback";
  return inList(privateNetworks, plain) || inList(linkLocal, plain) ? "private" : "public";
}

const linkLocal = list([
  ["169.254.0.0", 16],
  ["fe80::", 10],
]);

function list(networks: readonly (readonly [string, number])[]): BlockList {
  const out = new BlockList();
  for (const [network, prefix] of networks) out.addSubnet(network, prefix, isIPv6(network) ? "ipv6" : "ipv4");
  return out;
}

function inList(block: BlockList, address: string): boolean {
  return block.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** The IPv4 address in a mapped one (`::ffff:10.0.0.1`, in any spelling); every other address as it is. */
function unmapped(address: string): string {
  if (!isIPv6(address)) return address;
  const { address: plain } = new SocketAddress({ address, family: "ipv6" });
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1] ?? plain;
}
