import type { AudioCodec } from "@roomkit/core";
import { alawLaw, decodeWith, encodeWith } from "./g711.ts";

/**
 * Codes 16-bit samples as G.711 A-law, one byte each.
 *
 * @param out where to write; its first `samples.length` bytes are written and returned. Default: a new array.
 * @throws RoomKitError `invalid_audio` when `out` is too short.
 */
export function encodeAlaw(samples: Int16Array, out?: Uint8Array): Uint8Array {
  return encodeWith(alawLaw, samples, out);
}

/**
 * Decodes G.711 A-law to 16-bit samples, -32,256 to 32,256.
 *
 * @param out where to write; its first `bytes.length` samples are written and returned. Default: a new array.
 * @throws RoomKitError `invalid_audio` when `out` is too short.
 */
export function decodeAlaw(bytes: Uint8Array, out?: Int16Array): Int16Array {
  return decodeWith(alawLaw, bytes, out);
}

/** G.711 A-law at any rate (a telephone's is 8,000 Hz). */
export function alaw(): AudioCodec {
  return {
    name: "alaw",
    encode: (samples, out) => encodeAlaw(samples, out && out.length >= samples.length ? out : undefined),
    decode: (bytes, out) => decodeAlaw(bytes, out && out.length >= bytes.length ? out : undefined),
  };
}
