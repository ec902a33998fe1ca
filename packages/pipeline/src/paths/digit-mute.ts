import type { AudioFrame, DtmfDetector } from "@roomkit/core";

/** What a tone's edges may be off by, ms. */
const BEFORE_MS = 5;
const AFTER_MS = 10;
/** Tones remembered, for stages that hold audio back. */
const MOST = 8;

/** Silences touch tones in what goes on along the path, as soon as the detector knows of them. */
export class DigitMute {
  readonly #tones: { from: number; to: number }[] = [];

  /** What the detector says after each frame. */
  note(tone: DtmfDetector["tone"]): void {
    if (tone === undefined) return;
    const [from, to] = [tone.from - BEFORE_MS, tone.to + AFTER_MS];
    const last = this.#tones.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else this.#tones.push({ from, to });
    if (this.#tones.length > MOST) this.#tones.shift();
  }

  /** The frame, with silence where a tone is. */
  apply(frame: AudioFrame): AudioFrame {
    const { samples, sampleRate, timestamp } = frame;
    const at = (ms: number): number => Math.max(0, Math.round(((ms - timestamp) * sampleRate) / 1000));
    const parts = this.#tones.map(({ from, to }) => [at(from), at(to)] as const);
    const touched = parts.filter(([from, to]) => from < to && from < samples.length);
    if (touched.length === 0) return frame;
    const muted = samples.slice();
    for (const [from, to] of touched) muted.fill(0, from, to);
    return { ...frame, samples: muted };
  }
}
