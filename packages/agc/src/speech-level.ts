/** Length of the stretches that are judged. */
export const HOP_MS = 10;

/** Speech is so far above the noise, dB. */
const ABOVE_NOISE_DB = 9;
/** Shorter sounds are clicks: a door, a key. */
const LEAST_HOPS = 5;
/** What was speech goes on after gaps between syllables of about half of this. */
const SURE_HOPS = 20;
/** Speech that its level is taken over, once there was so much: 1 s. */
const MOST_HOPS = 100;
/** After a pause so long somebody else may speak: what was known of the level counts as little as 200 ms. */
const PAUSE_HOPS = 40;
const AFTER_PAUSE_HOPS = 20;
/** The noise is the least level within 2 s, kept in parts of 0.5 s: speech pauses, noise does not. */
const PARTS = 4;
const PART_HOPS = 50;

/** How loud the person in a stream speaks, whatever is between their words. */
export class SpeechLevel {
  readonly #gateDb: number;
  /** Least levels of the newest parts, round and round. */
  readonly #least = new Float64Array(PARTS);
  #hops = 0;
  #smoothDb = 0;
  /** How sure it is that somebody speaks, in hops. */
  #sure = 0;
  #quiet = 0;
  #counted = 0;
  #power = 0;

  /** @param gateDb dB below a square wave of full scale; what is quieter is never speech */
  constructor(gateDb: number) {
    this.#gateDb = gateDb;
    this.reset();
  }

  reset(): void {
    this.#least.fill(Number.POSITIVE_INFINITY);
    [this.#hops, this.#smoothDb, this.#sure, this.#quiet, this.#counted, this.#power] = [0, Number.NaN, 0, 0, 0, 0];
  }

  /** Takes the next 10 ms; the level of speech in dB below a square wave of full scale, or undefined while nobody speaks. */
  push(meanSquare: number): number | undefined {
    const power = meanSquare / 32_768 ** 2;
    const db = 10 * Math.log10(Math.max(1e-10, power));
    const speaks = db > Math.max(this.#gateDb, this.#noiseDb(db) + ABOVE_NOISE_DB);
    this.#sure = speaks ? Math.min(SURE_HOPS, this.#sure + 1) : Math.max(0, this.#sure - 2);
    this.#quiet = speaks ? 0 : this.#quiet + 1;
    if (this.#quiet === PAUSE_HOPS) this.#counted = Math.min(this.#counted, AFTER_PAUSE_HOPS);
    if (!speaks || this.#sure < LEAST_HOPS) return undefined;
    this.#counted = Math.min(MOST_HOPS, this.#counted + 1);
    this.#power += (power - this.#power) / this.#counted;
    return 10 * Math.log10(this.#power);
  }

  #noiseDb(db: number): number {
    this.#smoothDb = Number.isNaN(this.#smoothDb) ? db : this.#smoothDb + 0.4 * (db - this.#smoothDb);
    const part = Math.floor(this.#hops / PART_HOPS) % PARTS;
    if (this.#hops % PART_HOPS === 0) this.#least[part] = Number.POSITIVE_INFINITY;
    this.#hops++;
    this.#least[part] = Math.min(this.#least[part] as number, this.#smoothDb);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < PARTS; i++) least = Math.min(least, this.#least[i] as number);
    return least;
  }
}
