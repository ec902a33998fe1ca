import { seededRandom } from "./seeded-random.ts";
import { inSequence } from "./signals.ts";

/** A room with a loudspeaker and a microphone in it. */
export interface Room {
  /** From playing to the first sound of it at the microphone, ms: network, buffers and air. */
  readonly delayMs: number;
  /** How long the reverberation takes to fall by 60 dB, ms. Default 200. */
  readonly reverberationMs?: number | undefined;
  /** How loud the echo is against what is played, as a factor. Default 0.5. */
  readonly level?: number | undefined;
  /** How much faster the loudspeaker's clock is than the microphone's, in millionths. Default 0. */
  readonly driftPpm?: number | undefined;
  /** Reflections a second: fewer than samples are computed faster, and sound the same from about 2,000 on. Default: as many as samples. */
  readonly reflectionsPerSecond?: number | undefined;
  /** Default 1. */
  readonly seed?: number | undefined;
}

/** What the microphone hears of what is played, as long as that: see {@link RoomEcho}. */
export function echoIn(played: Int16Array, sampleRate: number, room: Room): Int16Array {
  return new RoomEcho(sampleRate, room).hear(played);
}

/**
 * A room as time goes on in it: a first sound, then noise that falls exponentially, the usual model of a small room (J. Polack, 1988). A
 * loudspeaker's clock that is slow or fast must not have run ahead by more than the delay.
 */
export class RoomEcho {
  readonly #taps: Float64Array;
  /** How late each of them is, in samples. */
  readonly #places: readonly number[];
  readonly #delay: number;
  readonly #speed: number;
  /** What was played of late, and the place of its first sample. */
  #played: Int16Array = new Int16Array(0);
  #from = 0;
  /** What of it has reached the microphone by its first way, as far back as the taps go. */
  #arrived: Float64Array;
  /** Samples heard so far. */
  #at = 0;

  constructor(sampleRate: number, room: Room) {
    const { delayMs, reverberationMs = 200, level = 0.5, driftPpm = 0, seed = 1 } = room;
    const random = seededRandom(seed);
    // Half of the decay: what comes later is 30 dB down and costs as much to compute.
    const taps = Float64Array.from({ length: Math.round((sampleRate * reverberationMs) / 2_000) + 1 }, (_, i) =>
      i === 0 ? 1 : 0.3 * (2 * random() - 1) * 10 ** ((-3 * i) / ((sampleRate * reverberationMs) / 1000)),
    );
    const share = Math.min(1, (room.reflectionsPerSecond ?? sampleRate) / sampleRate);
    // One in each stretch of equal length, somewhere in it.
    const places = Array.from({ length: Math.ceil((taps.length - 1) * share) }, (_, i) =>
      share === 1 ? i + 1 : Math.min(taps.length - 1, 1 + Math.floor((i + random()) / share)),
    );
    const scale = level / Math.sqrt([0, ...places].reduce((sum, at) => sum + (taps[at] as number) ** 2, 0));
    this.#taps = taps.map((tap) => tap * scale);
    this.#places = [0, ...places];
    this.#delay = (sampleRate * delayMs) / 1000;
    this.#speed = 1 + driftPpm / 1e6;
    this.#arrived = new Float64Array(taps.length - 1);
  }

  /** What the microphone hears while this is played. */
  hear(played: Int16Array): Int16Array {
    this.#played = inSequence(this.#played, played);
    const taps = this.#taps;
    const before = taps.length - 1;
    const arrived = new Float64Array(before + played.length);
    arrived.set(this.#arrived);
    for (let i = 0; i < played.length; i++) arrived[before + i] = this.#soundAt(this.#at + i);
    const heard = new Int16Array(played.length);
    // Nothing sounds, and nothing reverberates: no need to compute it.
    if (arrived.some((x) => x !== 0)) {
      const sum = new Float64Array(played.length);
      for (const place of this.#places) {
        const tap = taps[place] as number;
        const from = before - place;
        for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + tap * (arrived[from + i] as number);
      }
      for (let i = 0; i < heard.length; i++) heard[i] = Math.max(-32_768, Math.min(32_767, sum[i] as number));
    }
    this.#arrived = arrived.slice(played.length);
    this.#at += played.length;
    const keep = Math.max(this.#from, Math.floor((this.#at - this.#delay) * this.#speed) - 1);
    this.#played = this.#played.subarray(Math.min(this.#played.length, keep - this.#from));
    this.#from = keep;
    return heard;
  }

  /** What reaches the microphone at a sample, between those of the loudspeaker by a cubic through four of them. */
  #soundAt(index: number): number {
    const position = (index - this.#delay) * this.#speed;
    const whole = Math.floor(position);
    const t = position - whole;
    const [a, b, c, d] = [-1, 0, 1, 2].map((k) => this.#played[whole + k - this.#from] ?? 0) as [
      number,
      number,
      number,
      number,
    ];
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  }
}
