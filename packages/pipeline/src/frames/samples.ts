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
