const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The samples of 16-bit little-endian PCM, in a new array. An odd last byte is left out. */
export function samplesOfBytes(bytes: Uint8Array): Int16Array {
  const copy = Uint8Array.from(bytes.subarray(0, bytes.length & ~1));
  if (!LITTLE_ENDIAN) Buffer.from(copy.buffer).swap16();
  return new Int16Array(copy.buffer);
}

/** Samples as 16-bit little-endian PCM, in a new array. */
export function bytesOfSamples(samples: Int16Array): Uint8Array {
  const bytes = Uint8Array.from(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  if (!LITTLE_ENDIAN) Buffer.from(bytes.buffer).swap16();
  return bytes;
}
