import { FREQUENCIES, GROUP } from "./keypad.ts";

const TONES = FREQUENCIES.length;

/** Blocks in a window. */
const BLOCKS = 4;

/**
 * How much of each touch tone is in the newest 20 ms of a stream, every 5 ms: Goertzel's recurrence over blocks of 5 ms, four of which,
 * each turned to its place, are the Fourier sum of a window. What differs in phase between two windows tells how far off a tone is.
 */
export class ToneBank {
  /** Mean square of each tone within the window, as far as it is of the exact frequency. */
  readonly powers: Float64Array = new Float64Array(TONES);
  /** Mean square of everything in the window but a constant. */
  meanSquare = 0;

  readonly #block: number;
  readonly #sampleRate: number;
  /** Quieter blocks count as silence: sum of squares. */
  readonly #leastEnergy: number;
  /** 2 cos w, cos w and sin w of each tone, w in radians per sample. */
  readonly #coefficients: Float64Array;
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;
  /** For each tone what turns a block to the end of its samples, then to each place in the window. */
  readonly #turns: Float64Array;
  /** Fourier sums of the newest blocks: re and im of each tone, block after block, round and round. */
  readonly #sums = new Float64Array(BLOCKS * TONES * 2);
  readonly #energies = new Float64Array(BLOCKS);
  readonly #totals = new Float64Array(BLOCKS);
  /** Of the newest window, and of the one before. */
  #now = new Float64Array(TONES * 2);
  #before = new Float64Array(TONES * 2);
  #count = 0;

  /**
   * @param block samples in 5 ms
   * @param leastMeanSquare of a block; quieter ones count as silence
   */
  constructor(sampleRate: number, block: number, leastMeanSquare: number) {
    this.#block = block;
    this.#sampleRate = sampleRate;
    this.#leastEnergy = leastMeanSquare * block;
    const angles = FREQUENCIES.map((hz) => (2 * Math.PI * hz) / sampleRate);
    this.#coefficients = Float64Array.from(angles, (w) => 2 * Math.cos(w));
    this.#cosines = Float64Array.from(angles, Math.cos);
    this.#sines = Float64Array.from(angles, Math.sin);
    this.#turns = Float64Array.from(
      angles.flatMap((w) =>
        Array.from({ length: BLOCKS }, (_, place) => -w * (block * (place + 1) - 1)).flatMap((angle) => [
          Math.cos(angle),
          Math.sin(angle),
        ]),
      ),
    );
  }

  /** Takes the next block; whether there is a window now, and one before it. */
  push(samples: Int16Array): boolean {
    const place = this.#count % BLOCKS;
    let energy = 0;
    let total = 0;
    for (let i = 0; i < samples.length; i++) {
      const x = samples[i] as number;
      energy += x * x;
      total += x;
    }
    this.#energies[place] = energy;
    this.#totals[place] = total;
    const from = place * TONES * 2;
    if (energy < this.#leastEnergy) this.#sums.fill(0, from, from + TONES * 2);
    else for (let group = 0; group < TONES; group += GROUP) this.#transform(samples, group, from);
    this.#count++;
    if (this.#count < BLOCKS) return false;
    this.#look();
    return this.#count > BLOCKS;
  }

  /** Forgets the past. */
  reset(): void {
    this.#count = 0;
  }

  /** How far the tone is from its exact frequency, Hz, by its phase in the newest two windows; within 100 of it. */
  offset(tone: number): number {
    // From one window to the next an exact tone turns by its own phase in a block.
    const [re, im] = [this.#now[2 * tone] as number, this.#now[2 * tone + 1] as number];
    const [wasRe, wasIm] = [this.#before[2 * tone] as number, this.#before[2 * tone + 1] as number];
    const turn = (2 * Math.PI * (FREQUENCIES[tone] as number) * this.#block) / this.#sampleRate;
    const phase = Math.atan2(im * wasRe - re * wasIm, re * wasRe + im * wasIm) - turn;
    const wrapped = phase - 2 * Math.PI * Math.round(phase / (2 * Math.PI));
    return (wrapped * this.#sampleRate) / (2 * Math.PI * this.#block);
  }

  /** Four tones side by side: each alone would wait for its own last sum. */
  #transform(samples: Int16Array, group: number, from: number): void {
    const c = this.#coefficients;
    const [c0, c1, c2, c3] = [
      c[group] as number,
      c[group + 1] as number,
      c[group + 2] as number,
      c[group + 3] as number,
    ];
    let [a0, a1, a2, a3, b0, b1, b2, b3] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < samples.length; i++) {
      const x = samples[i] as number;
      const n0 = x + c0 * a0 - b0;
      const n1 = x + c1 * a1 - b1;
      const n2 = x + c2 * a2 - b2;
      const n3 = x + c3 * a3 - b3;
      b0 = a0;
      b1 = a1;
      b2 = a2;
      b3 = a3;
      a0 = n0;
      a1 = n1;
      a2 = n2;
      a3 = n3;
    }
    this.#keep(from, group, a0, b0);
    this.#keep(from, group + 1, a1, b1);
    this.#keep(from, group + 2, a2, b2);
    this.#keep(from, group + 3, a3, b3);
  }

  #keep(from: number, tone: number, last: number, before: number): void {
    this.#sums[from + 2 * tone] = last - before * (this.#cosines[tone] as number);
    this.#sums[from + 2 * tone + 1] = before * (this.#sines[tone] as number);
  }

  #look(): void {
    [this.#now, this.#before] = [this.#before, this.#now];
    const length = BLOCKS * this.#block;
    let energy = 0;
    let total = 0;
    for (let i = 0; i < BLOCKS; i++) {
      energy += this.#energies[i] as number;
      total += this.#totals[i] as number;
    }
    this.meanSquare = Math.max(0, energy / length - (total / length) ** 2);
    for (let tone = 0; tone < TONES; tone++) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < BLOCKS; i++) {
        // The oldest block stands where the next one will.
        const at = ((this.#count + i) % BLOCKS) * TONES * 2 + 2 * tone;
        const [x, y] = [this.#sums[at] as number, this.#sums[at + 1] as number];
        const turn = (tone * BLOCKS + i) * 2;
        const [cos, sin] = [this.#turns[turn] as number, this.#turns[turn + 1] as number];
        re += x * cos - y * sin;
        im += x * sin + y * cos;
      }
      this.#now[2 * tone] = re;
      this.#now[2 * tone + 1] = im;
      this.powers[tone] = (2 * (re * re + im * im)) / (length * length);
    }
  }
}
