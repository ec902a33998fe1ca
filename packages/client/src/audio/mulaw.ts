/**
 * G.711 mu-law, small. The protocol package carries no codec and the browser SDK imports nothing else; a server uses
 * `@roomkit/codec-mulaw`, against whose tables this one is tested.
 */
const BIAS = 0x84;
const CLIP = 32_635;

let decodeTable: Int16Array | undefined;

/** One byte a sample: ITU-T G.711 mu-law. */
export function encodeMulaw(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    // Ones' complement, as ITU-T's reference code (G.191) does it.
    const magnitude = Math.min(sample < 0 ? ~sample : sample, CLIP) + BIAS;
    // The segment is the position of the highest bit above bit 7.
    const segment = 24 - Math.clz32(magnitude);
    const mantissa = (magnitude >> (segment + 3)) & 0x0f;
    bytes[i] = ~((sample < 0 ? 0x80 : 0) | (segment << 4) | mantissa);
  }
  return bytes;
}

export function decodeMulaw(bytes: Uint8Array): Int16Array {
  decodeTable ??= Int16Array.from({ length: 256 }, (_, byte) => {
    const code = ~byte & 0xff;
    const magnitude = ((((code & 0x0f) << 3) + BIAS) << ((code >> 4) & 7)) - BIAS;
    return code & 0x80 ? -magnitude : magnitude;
  });
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = decodeTable[bytes[i] as number] as number;
  return samples;
}
