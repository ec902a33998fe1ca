/** Hops of noise that are kept: 200 ms. */
const KEPT = 20;

/** What the room sounds like when nobody speaks: pieces of it stand in for what is taken out, so that what listens hears no hole. */
export class RoomNoise {
  readonly #size: number;
  readonly #fade: number;
  readonly #kept: Int16Array;
  #hops = 0;
  /** Where the piece that was given last would go on. */
  #next = -1;
  #random = 0x2545f491;

  /** @param size samples of a hop */
  constructor(size: number) {
    this.#size = size;
    this.#fade = size >> 1;
    this.#kept = new Int16Array(KEPT * size);
  }

  /** Takes a hop in which nobody speaks. */
  push(hop: Int16Array): void {
    this.#kept.set(hop, (this.#hops % KEPT) * this.#size);
    this.#hops++;
  }

  /** Writes a hop of it: a piece from somewhere, faded into. Silence before there is enough. */
  give(out: Int16Array): void {
    const [size, fade, kept] = [this.#size, this.#fade, this.#kept];
    const length = Math.min(this.#hops, KEPT) * size;
    if (length < 4 * size) {
      out.fill(0);
      return;
    }
    const from = this.#anywhere(length - size - fade);
    for (let i = 0; i < size; i++) out[i] = kept[from + i] as number;
    const next = this.#next;
    // At equal power: the pieces have nothing to do with each other.
    for (let i = 0; next >= 0 && i < fade; i++) {
      const angle = ((i + 0.5) / fade) * (Math.PI / 2);
      out[i] = Math.cos(angle) * (kept[next + i] as number) + Math.sin(angle) * (out[i] as number);
    }
    this.#next = from + size;
  }

  /** 0 up to `most`, as evenly as is needed here (xorshift, G. Marsaglia, 2003). */
  #anywhere(most: number): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return (x >>> 0) % (most + 1);
  }
}
