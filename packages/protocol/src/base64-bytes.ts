const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 0x3d;

const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));

/** 6-bit value of each ASCII character, 255 for all other bytes. */
export const DIGITS: Uint8Array = new Uint8Array(256).fill(255);
for (let i = 0; i < 64; i++) DIGITS[CODES[i] as number] = i;

/** How long the base64 of so many bytes is. */
export function encodedBytes(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/**
 * Writes the padded base64 of `bytes` as ASCII into `out` from `at` on; there must be room for {@link encodedBytes}.
 *
 * @returns where it ends.
 */
export function writeBase64(bytes: Uint8Array, out: Uint8Array, at: number): number {
  const { length } = bytes;
  const whole = length - (length % 3);
  let to = at;
  for (let i = 0; i < whole; i += 3) {
    const value = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    out[to++] = CODES[value >> 18] as number;
    out[to++] = CODES[(value >> 12) & 63] as number;
    out[to++] = CODES[(value >> 6) & 63] as number;
    out[to++] = CODES[value & 63] as number;
  }
  if (whole === length) return to;
  const two = length - whole === 2;
  const value = ((bytes[whole] as number) << 16) | (two ? (bytes[whole + 1] as number) << 8 : 0);
  out[to++] = CODES[value >> 18] as number;
  out[to++] = CODES[(value >> 12) & 63] as number;
  out[to++] = two ? (CODES[(value >> 6) & 63] as number) : PAD;
  out[to++] = PAD;
  return to;
}

/**
 * As `decodeBase64`, of ASCII bytes from `from` to `to`, into `out`, which must have room for it.
 *
 * @returns how many bytes that are; -1 for what is no strict base64.
 */
export function decodeBase64Bytes(text: Uint8Array, from: number, to: number, out: Uint8Array): number {
  const length = to - from;
  if (length % 4 !== 0) return -1;
  if (length === 0) return 0;
  const padding = text[to - 1] !== PAD ? 0 : text[to - 2] !== PAD ? 1 : 2;
  const whole = padding === 0 ? to : to - 4;
  let size = 0;
  let bad = 0;
  for (let i = from; i < whole; i += 4) {
    const a = DIGITS[text[i] as number] as number;
    const b = DIGITS[text[i + 1] as number] as number;
    const c = DIGITS[text[i + 2] as number] as number;
    const d = DIGITS[text[i + 3] as number] as number;
    bad |= a | b | c | d;
    out[size++] = (a << 2) | (b >> 4);
    out[size++] = (b << 4) | (c >> 2);
    out[size++] = (c << 6) | d;
  }
  if (padding > 0) {
    const a = DIGITS[text[whole] as number] as number;
    const b = DIGITS[text[whole + 1] as number] as number;
    const c = padding === 1 ? (DIGITS[text[whole + 2] as number] as number) : 0;
    bad |= a | b | c;
    if ((padding === 1 ? c & 3 : b & 15) !== 0) return -1;
    out[size++] = (a << 2) | (b >> 4);
    if (padding === 1) out[size++] = (b << 4) | (c >> 2);
  }
  return bad > 63 ? -1 : size;
}
