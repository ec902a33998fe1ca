import type { RecordedSide } from "@roomkit/core";
import { Lane } from "./lane.ts";
import { Placement } from "./placement.ts";
import { Spans } from "./spans.ts";

export interface TapeOptions {
  readonly sampleRate: number;
  /** Where the time line begins on the clock, ms. */
  readonly zero: number;
  /** The sides that are wanted. */
  readonly sides: readonly RecordedSide[];
  /** How long audio may take to its place, ms: nothing is read before that, so that what is found out later still counts. */
  readonly holdMs: number;
  /** How long a caller who sends nothing is waited for: what they said may still be on its way, ms. */
  readonly maxLateMs: number;
  /** What is done with a pause: its place is kept as silence, or cut out. */
  readonly pause: "silence" | "cut";
  /** What is kept: everything, all from the first speech on, or only what is near speech. */
  readonly trigger: "always" | "first-speech" | "speech";
}

/** A stretch as it is to be written; a side that is absent is silent. */
export interface Stretch {
  /** Samples of each side. */
  readonly length: number;
  readonly inbound?: Int16Array | undefined;
  readonly outbound?: Int16Array | undefined;
}

/** A place that was cut out: in samples of what is written, and how much was left out there. */
export interface Cut {
  readonly at: number;
  readonly length: number;
}

/** What belongs to speech before its beginning and after its end, ms. */
const AROUND_SPEECH_MS = 300;
/** What is silenced of a digit around what the detector says of it, ms. */
const AROUND_DIGIT_MS = 60;
/** A frame that comes so long after the one before may be followed by what has waited longer, ms. */
const STALL_MS = 100;
/** What a change of rate holds back of an utterance: 32 samples of the lower rate, 8,000 Hz or more, ms. */
const HELD_BACK_MS = 4;
/** Audio further in the future than this is no audio of now, ms. */
const MOST_AHEAD_MS = 5_000;

/** Both sides of a call on one time line, in samples from its beginning; bounded: what is read is forgotten. */
export class Tape {
  readonly #options: TapeOptions;
  readonly #lanes = { inbound: new Lane(), outbound: new Lane() };
  readonly #sources: Readonly<Record<RecordedSide, Placement>>;
  readonly #pauses = new Spans();
  readonly #digits = new Spans();
  /** Stretches of speech, where only those are kept. */
  readonly #speech = { inbound: new Spans(), outbound: new Spans() };
  /** Everything before is read, or dropped. */
  #read = 0;
  /** Samples given to be written so far. */
  #written = 0;
  #lost = 0;
  /** The last that came of what is said was the rest of an utterance that a change of rate had held back. */
  #rest = false;
  #wantedFrom = 0;
  #firstKept: number | undefined;
  #lastCall = Number.NEGATIVE_INFINITY;
  #readableFrom = 0;
  readonly cuts: Cut[] = [];

  constructor(options: TapeOptions) {
    this.#options = options;
    const { sampleRate, zero } = options;
    const source = (side: RecordedSide): Placement =>
      new Placement({ sampleRate, zero, lay: (at, samples) => this.#lay(side, at, samples) });
    this.#sources = { inbound: source("inbound"), outbound: source("outbound") };
  }

  /** Samples that came too late for their place, but for what a change of rate held back: that of each utterance comes with the next. */
  get lost(): number {
    return this.#lost;
  }

  get written(): number {
    return this.#written;
  }

  /** Where what is written begins on the clock, ms. */
  get beginsAt(): number {
    return this.#options.zero + ((this.#firstKept ?? this.#read) / this.#options.sampleRate) * 1000;
  }

  index(clockMs: number): number {
    return Math.max(0, Math.round(((clockMs - this.#options.zero) * this.#options.sampleRate) / 1000));
  }

  /** The caller's audio, which has come to `reached` of its own time just now; absent: to the end of these samples. */
  hear(samples: Int16Array, timestamp: number, reached: number | undefined, now: number): void {
    this.#called(now);
    const lengthMs = (samples.length / this.#options.sampleRate) * 1000;
    const sinceMs = Number.isFinite(reached) ? (reached as number) - timestamp : lengthMs;
    this.#sources.inbound.push(samples, timestamp, now - sinceMs, now);
  }

  /** What is played to them, from just now on, or exactly from `startedAt`. */
  say(samples: Int16Array, timestamp: number, startedAt: number | undefined, now: number): void {
    this.#called(now);
    if (startedAt === undefined) this.#sources.outbound.push(samples, timestamp, now, now);
    else this.#sources.outbound.exact(samples, startedAt);
  }

  pause(now: number): void {
    this.#pauses.begin(this.index(now));
  }

  resume(now: number): void {
    this.#pauses.end(this.index(now));
  }

  /** A digit in the caller's audio, on that audio's own time: it is not to be heard. */
  digit(timestamp: number, durationMs: number): void {
    const at = this.#sources.inbound.clockOf(timestamp);
    if (at === undefined) return;
    this.#digits.add(this.index(at - AROUND_DIGIT_MS), this.index(at + durationMs + AROUND_DIGIT_MS));
  }

  speech(phase: "speech-start" | "speech-end", timestamp: number): void {
    const at = this.#sources.inbound.clockOf(timestamp);
    if (at === undefined || this.#options.trigger === "always") return;
    if (phase === "speech-start") this.#speech.inbound.begin(this.index(at - AROUND_SPEECH_MS));
    else this.#speech.inbound.end(this.index(at + AROUND_SPEECH_MS));
  }

  /** When something of the caller's own time was on the clock, ms. */
  clockOf(timestamp: number): number | undefined {
    return this.#sources.inbound.clockOf(timestamp);
  }

  /** The sources begin anew. */
  reset(): void {
    this.#sources.inbound.reset();
    this.#sources.outbound.reset();
  }

  /** What lies before is not wanted. */
  drop(before: number): void {
    this.#sources.inbound.settle(this.#lastCall);
    this.#read = Math.max(this.#read, before);
    this.#wantedFrom = this.#read;
    this.#forget();
  }

  /** How much may be read now: nothing that could still change. */
  readable(now: number): number {
    this.#sources.inbound.settle(now);
    this.#sources.outbound.settle(now);
    if (now < this.#readableFrom) return 0;
    const { sides, holdMs, maxLateMs } = this.#options;
    const heard = sides.includes("inbound") ? this.#lanes.inbound.end : Number.POSITIVE_INFINITY;
    const until = Math.max(Math.min(this.index(now - holdMs), heard), this.index(now - Math.max(holdMs, maxLateMs)));
    return Math.max(0, until - this.#read);
  }

  /** How much is left to read at the end. */
  finish(now: number): number {
    this.#sources.inbound.flush();
    this.#sources.outbound.flush();
    this.#pauses.end(Math.max(this.index(now), this.#lanes.inbound.end, this.#lanes.outbound.end));
    // Somebody who speaks until the end is heard until the end.
    const ends = this.#options.sides.map((side) => this.#lanes[side].end);
    return Math.max(this.index(now), ...ends) - this.#read;
  }

  /** The next `length` samples of the time line, without what is cut out. */
  *read(length: number): Generator<Stretch> {
    const to = this.#read + length;
    while (this.#read < to) {
      const from = this.#read;
      const end = Math.min(to, ...this.#edges(from, to));
      this.#read = end;
      if (this.#kept(from)) {
        this.#firstKept ??= from;
        this.#written += end - from;
        yield this.#stretch(from, end);
      } else this.#cut(end - from);
    }
    this.#forget();
  }

  /** Where what happened at a place of the time line is in what is written, in samples. */
  place(index: number): number {
    let at = index - (this.#firstKept ?? this.#read);
    for (const cut of this.cuts) {
      if (cut.at >= at) break;
      at = Math.max(cut.at, at - cut.length);
    }
    return Math.max(0, Math.min(at, this.#written));
  }

  /** The caller is silent, or the event loop was: what waits behind it comes before anything is read. */
  #called(now: number): void {
    if (now - this.#lastCall > STALL_MS) this.#readableFrom = now + STALL_MS;
    this.#lastCall = now;
  }

  #lay(side: RecordedSide, at: number, samples: Int16Array): void {
    const { sides, trigger } = this.#options;
    if (!sides.includes(side)) return;
    const late = Math.min(Math.max(0, this.#read - at), samples.length);
    const ahead = at > this.index(this.#lastCall + MOST_AHEAD_MS);
    // One for each utterance: many that are as short are lost.
    const heldBack = !this.#rest && samples.length * 1000 <= HELD_BACK_MS * this.#options.sampleRate;
    if (side === "outbound") this.#rest = heldBack;
    if (side === "outbound" && heldBack && late === samples.length) return;
    // What lies before all that is wanted is not lost.
    this.#lost += ahead ? samples.length : Math.max(0, late - Math.max(0, this.#wantedFrom - at));
    if (ahead || late === samples.length) return;
    const [begin, rest] = late > 0 ? [this.#read, samples.subarray(late)] : [at, samples];
    this.#lanes[side].lay(begin, rest);
    if (side === "inbound" || trigger === "always" || !rest.some((sample) => sample !== 0)) return;
    const around = Math.round((AROUND_SPEECH_MS * this.#options.sampleRate) / 1000);
    this.#speech.outbound.add(Math.max(0, begin - around), begin + rest.length + around);
  }

  /** Places between two others where something begins or ends. */
  #edges(from: number, to: number): number[] {
    const edges: number[] = [];
    for (const spans of [this.#pauses, this.#speech.inbound, this.#speech.outbound])
      for (const span of spans.within(from, to)) edges.push(span.from, span.to);
    return edges.filter((at) => at > from);
  }

  #kept(at: number): boolean {
    const { pause, trigger } = this.#options;
    if (pause === "cut" && this.#pauses.covers(at)) return false;
    if (trigger === "always" || (trigger === "first-speech" && this.#firstKept !== undefined)) return true;
    return this.#speech.inbound.covers(at) || this.#speech.outbound.covers(at);
  }

  #stretch(from: number, to: number): Stretch {
    const length = to - from;
    if (this.#pauses.covers(from)) return { length };
    const inbound = this.#lanes.inbound.read(from, to);
    if (inbound) for (const digit of this.#digits.within(from, to)) inbound.fill(0, digit.from - from, digit.to - from);
    return { length, inbound, outbound: this.#lanes.outbound.read(from, to) };
  }

  #cut(length: number): void {
    // What was never begun with is not cut out of anything.
    if (this.#firstKept === undefined) return;
    const last = this.cuts.at(-1);
    if (last?.at === this.#written) this.cuts[this.cuts.length - 1] = { at: last.at, length: last.length + length };
    else this.cuts.push({ at: this.#written, length });
  }

  #forget(): void {
    for (const side of ["inbound", "outbound"] as const) {
      this.#lanes[side].forget(this.#read);
      this.#speech[side].forget(this.#read);
    }
    this.#pauses.forget(this.#read);
    this.#digits.forget(this.#read);
  }
}
