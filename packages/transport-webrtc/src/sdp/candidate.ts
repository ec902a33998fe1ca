import { isIP } from "node:net";
import type { RemoteCandidate } from "@roomkit/core";

const MAX_LENGTH = 512;
const TYPES = new Set(["host", "srflx", "prflx", "relay"]);

/**
 * Reads an `a=candidate` value (RFC 8839, 5.1). Eight tokens are enough: Safari sends no extensions.
 *
 * @returns the candidate; `ignored` for a well-formed one this server cannot use (TCP, a host name, mDNS, component 2);
 *   undefined when it is not a candidate.
 */
export function parseCandidate(text: string): RemoteCandidate | "ignored" | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const tokens = text.replace(/^a=/, "").trim().split(/ +/);
  const [
    head = "",
    componentText = "",
    transport = "",
    priorityText = "",
    address = "",
    portText = "",
    typ,
    type = "",
  ] = tokens;
  if (tokens.length < 8 || typ !== "typ" || !TYPES.has(type)) return undefined;
  const foundation = /^candidate:([A-Za-z0-9+/]{1,32})$/.exec(head)?.[1];
  if (
    foundation === undefined ||
    !/^\d{1,3}$/.test(componentText) ||
    !/^\d{1,10}$/.test(priorityText) ||
    !/^\d{1,5}$/.test(portText)
  ) {
    return undefined;
  }
  const [component, priority, port] = [Number(componentText), Number(priorityText), Number(portText)];
  if (priority > 0xffff_ffff) return undefined;
  if (transport.toLowerCase() !== "udp" || component !== 1 || isIP(address) === 0 || port > 65_535) return "ignored";
  return {
    foundation,
    component,
    priority,
    address: address.toLowerCase(),
    port,
    type: type as RemoteCandidate["type"],
  };
}
