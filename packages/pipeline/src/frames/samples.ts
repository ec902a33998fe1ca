/** Stereo to mono: the mean of both sides. */
export function downmixed(stereo: Int16Array): Int16Array {
  const mono = new Int16Array(stereo.length >> 1);
  for (let i = 0; i < mono.length; i++) {
    mono[i] = ((stereo[2 * i] as number) + (stereo[2 * i + 1] as number) + 1) >> 1;
  }
  return mono;
}

/** Mono to stereo: the same on both sides. */
export function upmixed(mono: Int16Array): Int16Array {
  const stereo = new Int16Array(mono.length * 2);
  for (let i = 0; i < stereo.length; i++) stereo[i] = mono[i >> 1] as number;
  return stereo;
}

/** Samples that follow each other, as one array; the only one with samples in it is given as it is. */
export function joined(parts: readonly Int16Array[]): Int16Array {
  const full = parts.filter((part) => part.length > 0);
  if (full.length === 1) return full[0] as Int16Array;
  const all = new Int16Array(full.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of full) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
