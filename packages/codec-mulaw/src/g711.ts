import { RoomKitError } from "@roomkit/core";

/**
 * ITU-T G.711 as the reference software of ITU-T G.191 applies it to 16-bit samples. Both laws look at the most significant
 * bits only: mu-law at 14 (`sample >> 2`), A-law at 12 of its 13 (`sample >> 4`). A negative sample is measured by its ones'
 * complement, so that -1 is the negative zero (mu-law 0x7F), the mirror image of 0 (0xFF).
 */
interface Law {
  /** Bits of a sample that are not looked at. */
  readonly shift: number;
  /** Codes by `(sample >> shift) + encode.length / 2`. */
  readonly encode: Uint8Array;
  /** Samples by code. */
  readonly decode: Int16Array;
}

function makeLaw(shift: number, codeOf: (magnitude: number) => number, sampleOf: (code: number) => number): Law {
  const half = 0x8000 >> shift;
  const encode = new Uint8Array(2 * half);
  for (let magnitude = 0; magnitude < half; magnitude++) {
    const code = codeOf(magnitude);
    encode[half + magnitude] = code;
    // The other sign differs in the top bit alone.
    encode[half - 1 - magnitude] = code ^ 0x80;
  }
  return { shift, encode, decode: Int16Array.from({ length: 256 }, (_, code) => sampleOf(code)) };
}

/** Zero is moved here, so that every segment of mu-law begins at a power of two. */
const MULAW_BIAS = 33;

/** The table for mu-law has 16,384 entries, the one for each 14-bit value. */
export const mulawLaw: Law = makeLaw(
  2,
  (magnitude) => {
    const biased = Math.min(magnitude + MULAW_BIAS, 0x1fff);
    const segment = 26 - Math.clz32(biased);
    // All bits of the code are sent inverted, the sign bit of positive values is 1.
    return ~((segment << 4) | ((biased >> (segment + 1)) & 0x0f)) & 0xff;
  },
  (code) => {
    const segment = (~code >> 4) & 7;
    const magnitude = (((2 * (~code & 0x0f) + MULAW_BIAS) << segment) - MULAW_BIAS) << 2;
    return code & 0x80 ? magnitude : -magnitude;
  },
);

/** The table for A-law has 4,096 entries. */
export const alawLaw: Law = makeLaw(
  4,
  (magnitude) => {
    const segment = Math.max(0, 28 - Math.clz32(magnitude));
    // Segments 0 and 1 have the same step. Even bits are sent inverted.
    return (0x80 | (segment << 4) | ((magnitude >> Math.max(0, segment - 1)) & 0x0f)) ^ 0x55;
  },
  (code) => {
    const bits = code ^ 0x55;
    const segment = (bits >> 4) & 7;
    // In half steps of the finest segment, in the middle of the interval.
    const halfSteps = 2 * (bits & 0x0f) + 1 + (segment > 0 ? 32 : 0);
    const magnitude = (halfSteps << Math.max(0, segment - 1)) << 3;
    return bits & 0x80 ? magnitude : -magnitude;
  },
);

/** Codes `samples` into `out`. @throws RoomKitError `invalid_audio` when `out` is too short. */
export function encodeWith(
  law: Law,
  samples: Int16Array,
  out: Uint8Array = new Uint8Array(samples.length),
): Uint8Array {
  const { encode, shift } = law;
  const half = encode.length >> 1;
  const length = room(samples.length, out.length);
  for (let i = 0; i < length; i++) out[i] = encode[half + ((samples[i] as number) >> shift)] as number;
  return out.length === length ? out : out.subarray(0, length);
}

/** Decodes `bytes` into `out`. @throws RoomKitError `invalid_audio` when `out` is too short. */
export function decodeWith(law: Law, bytes: Uint8Array, out: Int16Array = new Int16Array(bytes.length)): Int16Array {
  const { decode } = law;
  const length = room(bytes.length, out.length);
  for (let i = 0; i < length; i++) out[i] = decode[bytes[i] as number] as number;
  return out.length === length ? out : out.subarray(0, length);
}

function room(needed: number, given: number): number {
  if (given >= needed) return needed;
  throw new RoomKitError("invalid_audio", "the output array is shorter than what goes into it", {
    details: { needed, given },
  });
}
