import type { AudioCodec } from "@roomkit/core";
import { decodeWith, encodeWith, mulawLaw } from "./g711.ts";

/**
 * Codes 16-bit samples as G.711 mu-law, one byte each.
 *
 * @param out where to write; its first `samples.length` bytes are written and returned. Default: a new array.
 * @throws RoomKitError `invalid_audio` when `out` is too short.
 */
export function encodeMulaw(samples: Int16Array, out?: Uint8Array): Uint8Array {
  return encodeWith(mulawLaw, samples, out);
}

/**
 * Decodes G.711 mu-law to 16-bit samples, -32,124 to 32,124.
 *
 * @param out where to write; its first `bytes.length` samples are written and returned. Default: a new array.
 * @throws RoomKitError `invalid_audio` when `out` is too short.
 */
export function decodeMulaw(bytes: Uint8Array, out?: Int16Array): Int16Array {
  return decodeWith(mulawLaw, bytes, out);
}

/** G.711 mu-law at any rate (a telephone's is 8,000 Hz). */
export function mulaw(): AudioCodec {
  return {
    name: "mulaw",
    recipe: { module: import.meta.url, name: "mulaw", options: {} },
    encode: (samples, out) => encodeMulaw(samples, out && out.length >= samples.length ? out : undefined),
    decode: (bytes, out) => decodeMulaw(bytes, out && out.length >= bytes.length ? out : undefined),
  };
}
