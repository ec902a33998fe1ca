/** Edges of the band in which voices stand out of noises, Hz. Below it is rumble, above it hiss; the voiced sounds of all voices lie between. */
const FROM_HZ = 200;
const TO_HZ = 1_500;

/** A second-order section's coefficients (a0 = 1). */
type Section = readonly [b0: number, b1: number, b2: number, a1: number, a2: number];

/** Butterworth, by the bilinear transform (R. Bristow-Johnson's cookbook). */
function section(kind: "high" | "low", hz: number, sampleRate: number): Section {
  const w = (2 * Math.PI * Math.min(hz, 0.45 * sampleRate)) / sampleRate;
  const [cos, alpha] = [Math.cos(w), Math.sin(w) / Math.SQRT2];
  const a0 = 1 + alpha;
  const b1 = kind === "low" ? 1 - cos : -(1 + cos);
  return [Math.abs(b1) / 2 / a0, b1 / a0, Math.abs(b1) / 2 / a0, (-2 * cos) / a0, (1 - alpha) / a0];
}

/** The level of the part of a signal that lies in the band of voices. */
export class SpeechBand {
  readonly #coefficients;
  /** What both sections remember. */
  readonly #state = { s0: 0, s1: 0, t0: 0, t1: 0 };

  constructor(sampleRate: number) {
    const [h0, h1, h2, ha1, ha2] = section("high", FROM_HZ, sampleRate);
    const [l0, l1, l2, la1, la2] = section("low", TO_HZ, sampleRate);
    this.#coefficients = { h0, h1, h2, ha1, ha2, l0, l1, l2, la1, la2 };
  }

  /** RMS of the next stretch in the band, in dB of a sample's unit; 0 for less than 1. */
  levelDb(samples: Int16Array): number {
    const { h0, h1, h2, ha1, ha2, l0, l1, l2, la1, la2 } = this.#coefficients;
    let { s0, s1, t0, t1 } = this.#state;
    let sum = 0;
    for (let i = 0; i < samples.length; i++) {
      const x = samples[i] as number;
      const y = h0 * x + s0;
      s0 = h1 * x - ha1 * y + s1;
      s1 = h2 * x - ha2 * y;
      const z = l0 * y + t0;
      t0 = l1 * y - la1 * z + t1;
      t1 = l2 * y - la2 * z;
      sum += z * z;
    }
    // One object for ever: fifty times a second and call, a new one would be garbage.
    const state = this.#state;
    state.s0 = s0;
    state.s1 = s1;
    state.t0 = t0;
    state.t1 = t1;
    return 10 * Math.log10(Math.max(1, sum / Math.max(1, samples.length)));
  }

  reset(): void {
    Object.assign(this.#state, { s0: 0, s1: 0, t0: 0, t1: 0 });
  }
}
