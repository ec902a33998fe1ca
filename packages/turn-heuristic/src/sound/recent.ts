import { type AudioFrame, lastAudio } from "@roomkit/core";

/** Rate that sound is looked at in, about, in Hz: pitch needs no more. */
const LOOKED_AT = 4_000;
/** How much of the end is looked at: a second and a half of speech, and the pause after it. */
const LOOKED_MS = 3_000;

/** The end of what was heard, -1 to 1, at about 4 kHz: each sample the mean of those it stands for. */
export function recentAudio(frames: readonly AudioFrame[]): {
  readonly samples: Float32Array;
  readonly sampleRate: number;
} {
  const heard = lastAudio(frames, LOOKED_MS);
  const factor = Math.max(1, Math.round(heard.sampleRate / LOOKED_AT));
  const samples = new Float32Array(Math.floor(heard.samples.length / factor));
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (let j = i * factor; j < (i + 1) * factor; j++) sum += heard.samples[j] as number;
    samples[i] = sum / factor / 32_768;
  }
  return { samples, sampleRate: heard.sampleRate / factor };
}
