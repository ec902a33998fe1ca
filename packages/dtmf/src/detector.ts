import {
  type AudioFormat,
  type AudioFrame,
  type DtmfDetector,
  type DtmfEvent,
  Framer,
  type Resolved,
  RoomKitError,
  type StageFactory,
} from "@roomkit/core";
import { digitAt, FREQUENCIES, GROUP } from "./keypad.ts";
import { type DtmfOptions, resolveOptions } from "./options.ts";
import { Press, type Sighting } from "./press.ts";
import { ToneBank } from "./tone-bank.ts";

const BLOCK_MS = 5;
const WINDOW_MS = 20;

/** Q.24 takes tones within 1.5 % of their frequency and refuses those 3.5 % off. */
const MOST_OFF = 0.025;
/** Most by which the frequencies wander from window to window, Hz: a voice does, a key does not. */
const MOST_WANDER = 9;
/** Least share of the two tones in everything that is heard: noise 5 dB below leaves them three quarters, speech has harmonics, too. */
const LEAST_SHARE = 0.68;
/** In a single window noise makes of it what it likes. */
const AT_ONCE = { off: 0.05, share: 0.6, twistDb: 3 };
/** Least share of the windows of a press in which it is seen. */
const LEAST_SEEN = 0.5;
/** Each tone is so many times as powerful as the others of its group. */
const LEAST_LEAD = 4;
/** Windows in a row that make sure of a tone. */
const CERTAIN = 2;
/** Digits that wait to be told, one a frame. */
const MOST_WAITING = 32;

/**
 * Hears touch tones (ITU-T Q.23) by the limits of Q.24, whatever the rate and the length of the frames. One event for each press of a
 * key, told when it has ended: only then is it known how long it was, and that it was one press, not two. `timestamp` is when it began.
 *
 * @throws RoomKitError `invalid_option` for an option out of range.
 */
export function dtmf(options: DtmfOptions = {}): StageFactory<DtmfDetector> {
  const resolved = resolveOptions(options);
  return { name: "dtmf", open: (format) => new Detector(format, resolved) };
}

class Detector implements DtmfDetector {
  readonly #options: Resolved<DtmfOptions>;
  readonly #framer: Framer;
  readonly #bank: ToneBank;
  readonly #blockMs: number;
  readonly #leastMeanSquare: number;
  readonly #waiting: DtmfEvent[] = [];
  #press: Press | undefined;
  /** Another key that was seen while one is held: it takes over when it is seen again. */
  #next: Press | undefined;
  /** Where the next block should begin, ms. */
  #expected = Number.NaN;
  #closed = false;

  constructor({ sampleRate, channels }: AudioFormat, options: Resolved<DtmfOptions>) {
    if (channels !== 1) throw new RoomKitError("unsupported_format", "touch tones are heard in mono only");
    const block = Math.round((sampleRate * BLOCK_MS) / 1000);
    this.#options = options;
    this.#framer = new Framer(block, sampleRate);
    this.#blockMs = (block / sampleRate) * 1000;
    this.#leastMeanSquare = (32_768 * 10 ** (options.minLevelDb / 20)) ** 2;
    this.#bank = new ToneBank(sampleRate, block, this.#leastMeanSquare / 16);
  }

  get tone(): DtmfDetector["tone"] {
    const press = this.#press;
    return press && press.sightings >= CERTAIN && this.#isTone(press) ? { from: press.from, to: press.to } : undefined;
  }

  process(frame: AudioFrame): DtmfEvent | undefined {
    if (this.#closed) return undefined;
    this.#framer.push(frame, this.#take);
    return this.#waiting.shift();
  }

  reset(): void {
    this.#framer.reset();
    this.#bank.reset();
    this.#waiting.length = 0;
    this.#press = undefined;
    this.#next = undefined;
    this.#expected = Number.NaN;
  }

  close(): void {
    this.reset();
    this.#closed = true;
  }

  readonly #take = (block: Int16Array, timestamp: number): void => {
    if (Math.abs(timestamp - this.#expected) > this.#blockMs) {
      this.#finish();
      this.#bank.reset();
    }
    this.#expected = timestamp + this.#blockMs;
    if (!this.#bank.push(block)) return;
    const to = this.#expected;
    const from = to - 4 * this.#blockMs;
    const seen = this.#bank.meanSquare < this.#leastMeanSquare ? undefined : this.#look(from, to);
    if (this.#press) this.#goOn(this.#press, seen, from, to);
    else if (seen) this.#press = new Press(seen);
  };

  /** A window while a key is held. */
  #goOn(press: Press, seen: Sighting | undefined, from: number, to: number): void {
    if (seen && seen.key !== press.key) {
      if (this.#next?.key === seen.key) {
        this.#next.see(seen);
        this.#finish();
      } else this.#next = new Press(seen);
      return;
    }
    this.#next = undefined;
    if (seen) {
      press.see(seen);
      return;
    }
    const { powers } = this.#bank;
    const level = Math.sqrt((powers[press.key >> 2] as number) + (powers[GROUP + (press.key & 3)] as number));
    if (press.holds(from, to, level)) return;
    if ((from + to) / 2 - press.to >= this.#options.minPauseMs) this.#finish();
  }

  /** The digit in the newest window. */
  #look(from: number, to: number): Sighting | undefined {
    const { powers, meanSquare } = this.#bank;
    const row = loudest(powers, 0);
    const column = loudest(powers, GROUP);
    const [seemsLow, seemsHigh] = [powers[row] as number, powers[GROUP + column] as number];
    // Before anything is worked out: at the most that is allowed off, a tone shows a third of its power.
    if (seemsLow + seemsHigh < 0.3 * AT_ONCE.share * meanSquare) return undefined;
    const [lowOffset, highOffset] = [this.#bank.offset(row), this.#bank.offset(GROUP + column)];
    if (!near(row, lowOffset, AT_ONCE.off) || !near(GROUP + column, highOffset, AT_ONCE.off)) return undefined;
    const low = seemsLow / shareAt(lowOffset);
    const high = seemsHigh / shareAt(highOffset);
    const share = (low + high) / meanSquare;
    if (share < AT_ONCE.share || !this.#twistOk(low, high, AT_ONCE.twistDb)) return undefined;
    if (!leads(powers, 0, row, low) || !leads(powers, GROUP, column, high)) return undefined;
    const level = Math.sqrt(seemsLow + seemsHigh);
    return { key: row * GROUP + column, from, to, level, low, high, share, lowOffset, highOffset };
  }

  #twistOk(low: number, high: number, marginDb: number): boolean {
    const twist = 10 * Math.log10(high / low);
    return twist <= this.#options.normalTwistDb + marginDb && -twist <= this.#options.reverseTwistDb + marginDb;
  }

  /** The key is up: tells of it, if it was one. */
  #finish(): void {
    const press = this.#press;
    this.#press = this.#next;
    this.#next = undefined;
    if (!press || !this.#isKey(press)) return;
    if (this.#waiting.length >= MOST_WAITING) this.#waiting.shift();
    const { key, from, to } = press;
    this.#waiting.push({ digit: digitAt(key >> 2, key & 3), durationMs: to - from, timestamp: from });
  }

  #isKey(press: Press): boolean {
    const durationMs = press.to - press.from;
    const seen = press.sightings >= LEAST_SEEN * (durationMs / this.#blockMs - 1);
    return durationMs >= this.#options.minToneMs && seen && this.#isTone(press);
  }

  #isTone({ key, averages }: Press): boolean {
    const { low, high, share, lowOffset, highOffset, wander } = averages;
    const exact = near(key >> 2, lowOffset, MOST_OFF) && near(GROUP + (key & 3), highOffset, MOST_OFF);
    return exact && share >= LEAST_SHARE && wander <= MOST_WANDER && this.#twistOk(low, high, 0);
  }
}

const near = (tone: number, offset: number, part: number): boolean =>
  Math.abs(offset) <= part * (FREQUENCIES[tone] as number);

/** How much of its power a tone so far from the exact frequency shows, in a window of 20 ms. */
function shareAt(offset: number): number {
  const x = (Math.PI * offset * WINDOW_MS) / 1000;
  return Math.abs(x) < 1e-6 ? 1 : (Math.sin(x) / x) ** 2;
}

/** The most powerful tone of a group, counted from the group's first. */
function loudest(powers: Float64Array, group: number): number {
  let best = 0;
  for (let i = 1; i < GROUP; i++) if ((powers[group + i] as number) > (powers[group + best] as number)) best = i;
  return best;
}

function leads(powers: Float64Array, group: number, best: number, power: number): boolean {
  for (let i = 0; i < GROUP; i++) if (i !== best && (powers[group + i] as number) * LEAST_LEAD > power) return false;
  return true;
}
