import type { AudioFrame } from "../audio/frame.ts";

/** Frames looked at, at most: those without samples take no time of their own. */
const MOST_FRAMES = 10_000;

/**
 * The last `ms` of what was heard, as one stretch of mono at the rate of the last frame; frames of another rate and what is no audio are left out.
 * For who judges audio from anywhere: it throws nothing.
 */
export function lastAudio(
  frames: readonly AudioFrame[],
  ms: number,
): { readonly samples: Int16Array; readonly sampleRate: number } {
  const recent = frames.slice(-MOST_FRAMES).filter(isAudio);
  const sampleRate = recent.at(-1)?.sampleRate ?? 16_000;
  const most = Math.round((sampleRate * ms) / 1000);
  const samples = new Int16Array(most);
  let to = most;
  for (let i = recent.length - 1; i >= 0 && to > 0; i--) {
    const { samples: from, channels, sampleRate: rate } = recent[i] as AudioFrame;
    if (rate !== sampleRate) continue;
    if (channels === 1) {
      const part = from.subarray(Math.max(0, from.length - to));
      to -= part.length;
      samples.set(part, to);
    } else {
      for (let at = from.length - 2; at >= 0 && to > 0; at -= 2)
        samples[--to] = ((from[at] as number) + (from[at + 1] as number)) / 2;
    }
  }
  return { samples: samples.subarray(to), sampleRate };
}

const isAudio = (frame: AudioFrame | undefined): boolean =>
  frame?.samples instanceof Int16Array &&
  (frame.channels === 1 || frame.channels === 2) &&
  frame.sampleRate >= 4_000 &&
  frame.sampleRate <= 192_000;
