import { DIGITS } from "./base64-bytes.ts";
import type { OwnBytes } from "./own-memory.ts";

/** The parts of a platform's own, much faster base64 that are used when they are there. */
interface NativeBuffer {
  from(source: ArrayBufferLike, byteOffset: number, length: number): { toString(encoding: "base64"): string };
}
interface NativeToBase64 {
  toBase64?(): string;
}

const nativeBuffer = (globalThis as { Buffer?: NativeBuffer | undefined }).Buffer;

/** Standard base64 (RFC 4648 section 4) with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  if (nativeBuffer) return nativeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  const native = bytes as NativeToBase64;
  if (native.toBase64) return native.toBase64();
  let binary = "";
  // In pieces: a call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 8_192) binary += String.fromCharCode(...bytes.subarray(i, i + 8_192));
  return btoa(binary);
}

/**
 * Strict decoder: standard alphabet, padded, no white space, no bits set in the padding. The platforms' own decoders skip
 * what they do not know, so garbage would turn into noise in somebody's ear.
 *
 * @returns undefined for anything else, and for more than `maxBytes` decoded bytes (checked before decoding).
 */
export function decodeBase64(text: string, maxBytes: number): OwnBytes | undefined {
  const length = text.length;
  if (length % 4 !== 0) return undefined;
  if (length === 0) return new Uint8Array(0);
  const padding = text.charCodeAt(length - 1) !== 61 ? 0 : text.charCodeAt(length - 2) !== 61 ? 1 : 2;
  const size = (length / 4) * 3 - padding;
  if (size > maxBytes) return undefined;
  const bytes = new Uint8Array(size);
  const whole = padding === 0 ? length : length - 4;
  let to = 0;
  let bad = 0;
  for (let from = 0; from < whole; from += 4) {
    const a = digit(text.charCodeAt(from));
    const b = digit(text.charCodeAt(from + 1));
    const c = digit(text.charCodeAt(from + 2));
    const d = digit(text.charCodeAt(from + 3));
    bad |= a | b | c | d;
    bytes[to++] = (a << 2) | (b >> 4);
    bytes[to++] = (b << 4) | (c >> 2);
    bytes[to++] = (c << 6) | d;
  }
  if (padding > 0) {
    const a = digit(text.charCodeAt(whole));
    const b = digit(text.charCodeAt(whole + 1));
    const c = padding === 1 ? digit(text.charCodeAt(whole + 2)) : 0;
    bad |= a | b | c;
    if ((padding === 1 ? c & 3 : b & 15) !== 0) return undefined;
    bytes[to++] = (a << 2) | (b >> 4);
    if (padding === 1) bytes[to] = (b << 4) | (c >> 2);
  }
  return bad > 63 ? undefined : bytes;
}

function digit(code: number): number {
  return code < 256 ? (DIGITS[code] as number) : 255;
}
