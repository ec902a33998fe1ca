import type { OwnSamples } from "./own-memory.ts";

/** True on every platform in use today; the branch below keeps the wire format the same on the others. */
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Signed 16-bit little-endian bytes of `samples`. Shares memory with `samples` where the platform allows. */
export function samplesToPcm16(samples: Int16Array): Uint8Array {
  if (littleEndian) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const bytes = new Uint8Array(samples.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < samples.length; i++) view.setInt16(i * 2, samples[i] as number, true);
  return bytes;
}

/** The samples of `bytes`, copied; `undefined` when the length is odd. */
export function pcm16ToSamples(bytes: Uint8Array): OwnSamples | undefined {
  if (bytes.length % 2 !== 0) return undefined;
  const samples = new Int16Array(bytes.length / 2);
  if (littleEndian) {
    new Uint8Array(samples.buffer).set(bytes);
    return samples;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(i * 2, true);
  return samples;
}
