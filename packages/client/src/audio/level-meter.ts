/** What silence measures, dBFS; nothing measures less. */
const LEVEL_FLOOR_DB = -60;

/** Measures the level of a stream in windows of fixed length. */
export class LevelMeter {
  readonly #window: number;
  #count = 0;
  #sum = 0;

  /** @param windowMs length of a measurement; default 50 (20 a second). */
  constructor(sampleRate: number, windowMs = 50) {
    this.#window = Math.round((sampleRate * windowMs) / 1000);
  }

  /** Takes the next samples (-1 to 1); `undefined` stands for `length` samples of silence. Returns dBFS once a window. */
  add(samples: Float32Array | undefined, length: number = samples?.length ?? 0): number | undefined {
    if (samples) for (let i = 0; i < samples.length; i++) this.#sum += (samples[i] as number) ** 2;
    this.#count += length;
    if (this.#count < this.#window) return undefined;
    const power = this.#sum / this.#count;
    this.#count = 0;
    this.#sum = 0;
    return Math.max(LEVEL_FLOOR_DB, power > 0 ? 10 * Math.log10(power) : LEVEL_FLOOR_DB);
  }
}
