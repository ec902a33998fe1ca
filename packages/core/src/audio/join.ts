import type { AudioFrame } from "./frame.ts";

/** Samples that follow each other, as one array; the only one with samples in it is given as it is. */
export function joinSamples(parts: readonly Int16Array[]): Int16Array {
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

/** Frames of one format that follow each other, as one, from where the first with samples in it begins; `empty` where there is none. */
export function joinFrames(frames: readonly AudioFrame[], empty: AudioFrame): AudioFrame {
  const [first = empty, ...more] = frames.filter(({ samples }) => samples.length > 0);
  return more.length === 0 ? first : { ...first, samples: joinSamples([first, ...more].map(({ samples }) => samples)) };
}
