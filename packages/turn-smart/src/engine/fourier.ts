/** Radices of the transform; their product is its length. */
const RADICES = [4, 4, 5, 5] as const;
/** Samples of a frame, 25 ms at 16 kHz. */
export const FRAME = 400;
/** Frequencies of a frame's spectrum, 40 Hz apart. */
export const BINS: number = FRAME / 2 + 1;

const cosine = Float64Array.from({ length: FRAME }, (_, i) => Math.cos((2 * Math.PI * i) / FRAME));
const sine = Float64Array.from({ length: FRAME }, (_, i) => -Math.sin((2 * Math.PI * i) / FRAME));

/**
 * The Fourier transform of complex numbers, 400 of them, by Stockham's way: in passes of small transforms between two buffers. Libraries
 * transform lengths that are powers of two.
 */
export class Fourier {
  #re: Float64Array = new Float64Array(FRAME);
  #im: Float64Array = new Float64Array(FRAME);
  #otherRe: Float64Array = new Float64Array(FRAME);
  #otherIm: Float64Array = new Float64Array(FRAME);

  /** Power spectra of two frames of real numbers, by one transform: the one is its real part, the other its imaginary one. */
  powers(a: Float64Array, b: Float64Array, intoA: Float64Array, intoB: Float64Array): void {
    this.#re.set(a);
    this.#im.set(b);
    this.#transform();
    const [re, im] = [this.#re, this.#im];
    for (let k = 0; k < BINS; k++) {
      const mirror = (FRAME - k) % FRAME;
      const [x, y] = [re[k] as number, im[k] as number];
      const [u, v] = [re[mirror] as number, im[mirror] as number];
      intoA[k] = ((x + u) ** 2 + (y - v) ** 2) / 4;
      intoB[k] = ((y + v) ** 2 + (u - x) ** 2) / 4;
    }
  }

  #transform(): void {
    let length = FRAME;
    let stride = 1;
    for (const radix of RADICES) {
      this.#pass(radix, length / radix, stride);
      [this.#re, this.#otherRe] = [this.#otherRe, this.#re];
      [this.#im, this.#otherIm] = [this.#otherIm, this.#im];
      length /= radix;
      stride *= radix;
    }
  }

  #pass(radix: number, part: number, stride: number): void {
    const [re, im, toRe, toIm] = [this.#re, this.#im, this.#otherRe, this.#otherIm];
    const small = FRAME / radix;
    for (let j = 0; j < part; j++) {
      for (let u = 0; u < radix; u++) {
        const turn = (j * u * stride) % FRAME;
        for (let q = 0; q < stride; q++) {
          let [sumRe, sumIm] = [0, 0];
          for (let r = 0; r < radix; r++) {
            const at = q + stride * (j + part * r);
            const angle = (r * u * small + turn) % FRAME;
            const [c, s] = [cosine[angle] as number, sine[angle] as number];
            const [x, y] = [re[at] as number, im[at] as number];
            sumRe += x * c - y * s;
            sumIm += x * s + y * c;
          }
          const to = q + stride * (radix * j + u);
          toRe[to] = sumRe;
          toIm[to] = sumIm;
        }
      }
    }
  }
}
