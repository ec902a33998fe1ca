/** Samples as a file keeps them: 16 bits each, the lower byte first, in base64. */
export function pcmOf(samples: Int16Array): string {
  const bytes = Buffer.alloc(samples.length * 2);
  for (let i = 0; i < samples.length; i++) bytes.writeInt16LE(samples[i] as number, i * 2);
  return bytes.toString("base64");
}

export function samplesOf(pcm: string): Int16Array {
  const bytes = Buffer.from(pcm, "base64");
  return Int16Array.from({ length: Math.floor(bytes.length / 2) }, (_, i) => bytes.readInt16LE(i * 2));
}
