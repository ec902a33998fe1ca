import { type Fit, Fitter } from "./fitter.ts";
import { LagFinder } from "./lag-finder.ts";
import { NoiseFloor } from "./noise-floor.ts";
import { EchoPathMeter } from "./path-meter.ts";
import { HOP_MS, PlayedTrack } from "./played-track.ts";
import { BANDS, BandLevels } from "./spectrum.ts";

/** Hops of the microphone that are kept, and of those with sound in them how many are looked at, from how far back. */
const KEPT = 64;
const WINDOW = 32;
const OLDEST = 60;
/** What was heard before so many hops without a sound says nothing of what is heard after them: a caller has asked, and an answer begins. */
const APART = 25;
/** Where an echo begins the levels rise within a hop, and fit badly: of a sound that begins when an echo ought to, so many hops are looked at first. */
const BEGINNING = 10;
/** What is heard may be ahead of what is played by so many hops: the two came in bursts when they were paired. */
const LEAST_LAG = -5;
/** A level so far above the noise is sound; so many bands of it are more than noise. */
const ABOVE_NOISE_DB = 6;
const SOUND_BANDS = 3;
/** What is played is loud from here on, dB of full scale in any band. */
const LOUD_DB = -45;

/**
 * How far the levels must exceed what an echo can be for somebody to be heard, dB: the more levels were compared, the less. Once the
 * way of the echo is known, before, and where no echo is to be expected; and to go on being heard.
 */
const OPEN = { known: { db: 1.3, per: 60 }, unknown: { db: 1.8, per: 150 }, unexpected: { db: 1.3, per: 60 } };
const STILL_OPEN_DB = 1.2;
const LEAST_COUNT = 10;
/** And the more, the more what is heard is like what is played, from this likeness on: loudspeakers distort. */
const ALIKE_FROM = 0.6;
const ALIKE_DB = 9;
/** An echo: the levels exceed it by less, and are so much alike, seen from so many hops. */
const ECHO_DB = 1.2;
const ECHO_LIKENESS = 0.5;
const ECHO_HOPS = 15;
/** So many hops of echo make a lag known; so many at another make that the known one. */
const KNOWN_AFTER = 30;
const MOVED_AFTER = 30;
/** What is bent is as loud as what is played at this sample value. */
const BENT_AT = 8_192;
/** A lag is worth a look from here on. */
const LOOK_LIKENESS = 0.45;
/** So unlike at the known lag, the coupling may be any other: the way has changed. */
const UNLIKE = 0.25;
/** An echo is louder than what is known by so much at most, and than what is played while nothing is known. dB. */
const MOST_LOUDER_DB = 15;
const MOST_COUPLING_DB = 3;
const LEAST_COUPLING_DB = -60;
/** What is fainter is no echo any more. */
const GONE_DB = -55;
/** Steps of learning, each hop: of the coupling, of each band's part in it, and of an echo that ought to be heard and is not (dB). */
const LEARN = 0.02;
const LEARN_BANDS = 0.02;
const MOST_BAND_STEP_DB = 5;
const FORGET_DB = 0.15;
/** An echo so far above what can be heard would be heard. */
const MARGIN_OF_SILENCE_DB = 4;
/** Something is heard of what is played in a smaller share of the last while: there is no echo to be expected. */
const NO_ECHO_SHARE = 0.2;
const SHARE_HOPS = 150;
/** After an echo what is hardly heard is its end, hops. */
const FADING = 40;
/** What was played may come to be known so many hops late. */
const LATE = 12;

export interface JudgeOptions {
  readonly sampleRate: number;
  readonly maxDelayMs: number;
  readonly hangoverMs: number;
}

/** What a hop of the microphone's is. */
export type Verdict = "echo" | "other" | "nothing";

/** Tells the echo of what is played from a caller, hop by hop, and learns the way it takes. */
export class Judge {
  readonly meter: EchoPathMeter = new EchoPathMeter();
  readonly #mostLag: number;
  readonly #hangover: number;
  readonly #nearLevels: BandLevels;
  readonly #farLevels: BandLevels;
  readonly #near = new Float32Array(KEPT * BANDS);
  readonly #far = new Float32Array(BANDS);
  readonly #bentLevels: BandLevels;
  readonly #bent = new Float32Array(BANDS);
  readonly #floor = new NoiseFloor();
  readonly #audible = new Float32Array(BANDS);
  readonly #played = new PlayedTrack();
  readonly #lags: LagFinder;
  readonly #fitter = new Fitter();
  /** The coupling of each band against that of all, dB. */
  readonly #coupling = new Float32Array(BANDS);
  readonly #places = new Int32Array(KEPT);
  /** Hops with sound, since what is played can be heard. */
  #sounds = 0;
  #farLoud = false;
  #known = 0;
  /** What is known of the way of the echo: hops, and dB. */
  #lag: number | undefined;
  #gainDb = 0;
  #echoHops = 0;
  #movedHops = 0;
  /** In how much of the time in which something loud is played something is heard. */
  #share = 1;
  #open = false;
  #openedAt = Number.NEGATIVE_INFINITY;
  #echoAt = Number.NEGATIVE_INFINITY;

  constructor({ sampleRate, maxDelayMs, hangoverMs }: JudgeOptions) {
    // A pairing may be off by as much as what came in a burst.
    this.#mostLag = Math.round(maxDelayMs / HOP_MS) + 10;
    this.#hangover = Math.round(hangoverMs / HOP_MS);
    this.#nearLevels = new BandLevels(sampleRate);
    this.#farLevels = new BandLevels(sampleRate);
    this.#bentLevels = new BandLevels(sampleRate);
    this.#lags = new LagFinder(LEAST_LAG, this.#mostLag);
  }

  /** Whether an echo was heard of late where it was expected. */
  sure(place: number): boolean {
    return this.#lag !== undefined && place - this.#echoAt < 200;
  }

  /** What is played at a place. */
  played(hop: Int16Array, place: number): void {
    const far = this.#far;
    this.#farLevels.push(hop, far, 0);
    this.#bentLevels.push(hop.map(bend), this.#bent, 0);
    this.#played.write(place, far, this.#bent);
    this.#known = Math.max(this.#known, place + 1);
    this.#farLoud = far.some((level) => level > LOUD_DB);
    if (this.#farLoud) this.#lags.played(far);
  }

  /** What a hop of the microphone's at a place is. */
  heard(hop: Int16Array, place: number): Verdict {
    const at = (place % KEPT) * BANDS;
    this.#nearLevels.push(hop, this.#near, at);
    this.#floor.push(this.#near, at);
    this.#played.extend(place - LEAST_LAG + 2);
    const bands = this.#soundBands(at);
    if (!this.#played.audible(place - this.#mostLag)) {
      this.#open = false;
      this.#sounds = 0;
      return bands === 0 && this.#floor.settled ? "nothing" : "other";
    }
    this.#fade(place, bands);
    if (bands < SOUND_BANDS)
      return !this.#open && (this.#lag !== undefined || place - this.#echoAt < FADING) ? "echo" : "other";
    if (!this.#unknownYet(place)) this.#listen(place, at);
    if (this.#open) return "other";
    this.#echoAt = place;
    return "echo";
  }

  #soundBands(at: number): number {
    let bands = 0;
    for (let band = 0; band < BANDS; band++) {
      const audible = (this.#floor.levels[band] as number) + ABOVE_NOISE_DB;
      this.#audible[band] = audible;
      if ((this.#near[at + band] as number) > audible) bands++;
    }
    return bands;
  }

  /** What follows from how much is heard of what is played, whatever it is. */
  #fade(place: number, bands: number): void {
    if (this.#open && place - this.#openedAt > this.#hangover) this.#open = false;
    const sound = bands >= SOUND_BANDS ? 1 : 0;
    if (this.#farLoud && !(sound && this.#open)) this.#share += (sound - this.#share) / SHARE_HOPS;
    if (sound || this.#lag === undefined || !this.#ought(place - this.#lag)) return;
    this.#gainDb -= FORGET_DB;
    if (this.#gainDb < GONE_DB) this.#forget();
  }

  /** Whether an echo of what was played at a place ought to be heard. */
  #ought(place: number): boolean {
    const far = this.#played.at(place);
    let bands = 0;
    for (let band = 0; band < BANDS; band++) {
      const echo = (this.#played.levels[far + band] as number) + this.#gainDb + (this.#coupling[band] as number);
      if (echo > (this.#audible[band] as number) + MARGIN_OF_SILENCE_DB) bands++;
    }
    return bands > BANDS / 3;
  }

  /** Whether what is played at the place that matters may only be late in being told. */
  #unknownYet(place: number): boolean {
    if (this.#lag === undefined || this.meter.hops === 0) return false;
    const needed = place - this.#lag;
    return needed >= this.#known && needed < this.#known + LATE;
  }

  #listen(place: number, at: number): void {
    this.#places[this.#sounds++ % KEPT] = place;
    this.#lags.push(this.#near, at, place, this.#played);
    const from = this.#windowFrom(place);
    const now = this.#lags.now;
    const expectsNone = this.#lag === undefined && this.#share < NO_ECHO_SHARE;
    const compare = (lag: number): Fit => this.#compare(lag, from);
    let best = compare(this.#lag ?? now.lag);
    if (this.#lag !== undefined && best.excessDb > ECHO_DB / 2 && now.r > LOOK_LIKENESS && now.lag !== this.#lag)
      best = lesser(best, compare(now.lag));
    const { db, per } = expectsNone ? OPEN.unexpected : this.#lag === undefined ? OPEN.unknown : OPEN.known;
    const alike = ALIKE_DB * Math.max(0, now.r - ALIKE_FROM);
    const limit = (fit: Fit): number => alike + (this.#open ? STILL_OPEN_DB : db + per / Math.max(1, fit.count));
    // Nothing is known yet: it is an echo as long as it can be one at any lag.
    if (this.#lag === undefined && !expectsNone)
      for (let lag = LEAST_LAG; lag <= this.#mostLag && best.excessDb > limit(best); lag += 2)
        best = lesser(best, compare(lag));
    const echo = best.excessDb < ECHO_DB && now.r > ECHO_LIKENESS && this.#sounds - from >= ECHO_HOPS;
    if (echo) this.#learn(best, place, at);
    if (best.excessDb <= limit(best) || best.count < LEAST_COUNT) return;
    if (this.#sounds - from < BEGINNING && this.#lag !== undefined && this.#ought(place - this.#lag)) return;
    this.#open = true;
    this.#openedAt = place;
    if (this.#unlike && best.gainDb !== undefined) this.#approach(Math.min(this.#gainDb, best.gainDb));
  }

  /** The first of the sounds that are looked at. */
  #windowFrom(place: number): number {
    let from = this.#sounds;
    let next = place;
    while (from > 0 && this.#sounds - from < WINDOW) {
      const before = this.#places[(from - 1) % KEPT] as number;
      if (place - before >= OLDEST || next - before > APART) break;
      next = before;
      from--;
    }
    return from;
  }

  #compare(lag: number, from: number): Fit {
    const heard = {
      levels: this.#near,
      audible: this.#audible,
      places: this.#places,
      from,
      to: this.#sounds,
      at: (place: number) => (place % KEPT) * BANDS,
    };
    const known = this.#lag !== undefined;
    // Where somebody has spoken, too, it is unlike: that an echo has become fainter is told by a whole window of it alone.
    const changed = this.#unlike && this.#sounds - from >= WINDOW;
    const least = known && !changed ? this.#gainDb - 1 : LEAST_COUPLING_DB;
    const most = known ? this.#gainDb + MOST_LOUDER_DB : MOST_COUPLING_DB;
    return this.#fitter.compare(heard, this.#played, lag, this.#coupling, [least, most]);
  }

  get #unlike(): boolean {
    return this.#lag !== undefined && this.#lags.at(this.#lag) < UNLIKE;
  }

  /** This hop, too, is an echo. */
  #learn({ lag, gainDb }: Fit, place: number, at: number): void {
    this.#echoHops++;
    if (this.#lag === undefined) {
      if (gainDb !== undefined) this.#gainDb = gainDb;
      const lately = this.#lags.lately;
      if (this.#echoHops >= KNOWN_AFTER && lately.r > ECHO_LIKENESS) this.#lag = lately.lag;
      return;
    }
    if (gainDb !== undefined) this.#approach(gainDb);
    this.#movedHops = Math.abs(lag - this.#lag) > 1 ? this.#movedHops + 1 : 0;
    if (this.#movedHops >= MOVED_AFTER) {
      this.#lag = lag;
      this.#movedHops = 0;
    }
    if (this.#movedHops > 0) return;
    const far = this.#played.at(place - this.#lag);
    this.#learnBands(at, far);
    this.meter.push(this.#near, at, this.#played.levels, far, this.#audible, this.#lag);
  }

  #approach(gainDb: number): void {
    this.#gainDb += LEARN * (gainDb - this.#gainDb);
  }

  #learnBands(at: number, far: number): void {
    const [near, levels, reverberant, coupling] = [this.#near, this.#played.levels, this.#played.heard, this.#coupling];
    let sum = 0;
    for (let band = 0; band < BANDS; band++) {
      const level = levels[far + band] as number;
      const direct = level > (reverberant[far + band] as number) - 3;
      if (direct && (near[at + band] as number) > (this.#audible[band] as number)) {
        const off = (near[at + band] as number) - level - (coupling[band] as number) - this.#gainDb - 3;
        const step = Math.max(-MOST_BAND_STEP_DB, Math.min(MOST_BAND_STEP_DB, off));
        coupling[band] = (coupling[band] as number) + LEARN_BANDS * step;
      }
      sum += coupling[band] as number;
    }
    for (let band = 0; band < BANDS; band++) coupling[band] = (coupling[band] as number) - sum / BANDS;
  }

  #forget(): void {
    this.#lag = undefined;
    this.#echoHops = 0;
    this.#share = 0;
    this.#coupling.fill(0);
  }
}

/** What a loudspeaker makes of it that is driven too hard has overtones like these, whichever way it is bent. */
const bend = (sample: number): number => (sample * Math.abs(sample)) / BENT_AT;

const lesser = (a: Fit, b: Fit): Fit => (b.excessDb < a.excessDb ? b : a);
