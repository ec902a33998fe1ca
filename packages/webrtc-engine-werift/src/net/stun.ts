import { createHmac, timingSafeEqual } from "node:crypto";

const MAGIC_COOKIE = 0x2112_a442;
const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const ERROR_CODE = 0x0009;
const USE_CANDIDATE = 0x0025;
const HEADER = 20;

export type StunKind = "request" | "response" | "error" | "other";

/** Which STUN message this is (RFC 8489, 5), or undefined when it is none. Looks at the header only. */
export function stunKind(data: Buffer): StunKind | undefined {
  if (data.length < HEADER || (data[0] as number) > 3 || data.readUInt32BE(4) !== MAGIC_COOKIE) return undefined;
  if (data.readUInt16BE(2) + HEADER !== data.length || data.length % 4 !== 0) return undefined;
  switch (data.readUInt16BE(0)) {
    case 0x0001:
      return "request";
    case 0x0101:
      return "response";
    case 0x0111:
      return "error";
    default:
      return "other";
  }
}

/** Binding request attributes that matter before anything may act on it. */
export interface BindingRequest {
  /** The USERNAME before its colon: the receiver's user fragment. */
  readonly localFragment: string;
  readonly remoteFragment: string;
  readonly nominates: boolean;
  /** Where MESSAGE-INTEGRITY begins. */
  readonly integrityOffset: number;
}

/** Reads a binding request; undefined when USERNAME or MESSAGE-INTEGRITY is missing or anything does not fit. */
export function readBindingRequest(data: Buffer): BindingRequest | undefined {
  let username: string | undefined;
  let nominates = false;
  for (let at = HEADER; at + 4 <= data.length; ) {
    const type = data.readUInt16BE(at);
    const length = data.readUInt16BE(at + 2);
    if (at + 4 + length > data.length) return undefined;
    if (type === USERNAME) {
      if (length > 513) return undefined;
      username = data.toString("utf8", at + 4, at + 4 + length);
    } else if (type === USE_CANDIDATE) nominates = true;
    else if (type === MESSAGE_INTEGRITY) {
      const colon = username?.indexOf(":") ?? -1;
      if (length !== 20 || username === undefined || colon < 1) return undefined;
      return {
        localFragment: username.slice(0, colon),
        remoteFragment: username.slice(colon + 1),
        nominates,
        integrityOffset: at,
      };
    }
    at += 4 + ((length + 3) & ~3);
  }
  return undefined;
}

/** Checks MESSAGE-INTEGRITY with the short-term credential (RFC 8489, 14.5): HMAC-SHA1 over all that stands before it. */
export function integrityHolds(data: Buffer, integrityOffset: number, password: string): boolean {
  const covered = Buffer.from(data.subarray(0, integrityOffset));
  covered.writeUInt16BE(integrityOffset + 24 - HEADER, 2);
  const expected = createHmac("sha1", password).update(covered).digest();
  return timingSafeEqual(expected, data.subarray(integrityOffset + 4, integrityOffset + 24));
}

/** The number of an ERROR-CODE attribute, or undefined. */
export function stunErrorCode(data: Buffer): number | undefined {
  for (let at = HEADER; at + 4 <= data.length; ) {
    const length = data.readUInt16BE(at + 2);
    if (at + 4 + length > data.length) return undefined;
    if (data.readUInt16BE(at) === ERROR_CODE && length >= 4)
      return ((data[at + 6] as number) & 7) * 100 + (data[at + 7] as number);
    at += 4 + ((length + 3) & ~3);
  }
  return undefined;
}

/** The 12 bytes that tie a response to its request, as a map key. */
export function transactionId(data: Buffer): string {
  return data.toString("latin1", 8, 20);
}
