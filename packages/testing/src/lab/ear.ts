import type { UtteranceId, WordTiming } from "@roomkit/core";
import type { FromServer } from "./line.ts";

/** A word the caller heard, in ms of the call. It counts as heard once its middle was. */
export interface HeardWord {
  readonly text: string;
  readonly utterance: UtteranceId;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A time in which the assistant was to be heard, ms of the call. */
export interface HeardSpan {
  readonly utterance: UtteranceId;
  readonly fromMs: number;
  /** Absent while it lasts. */
  toMs?: number;
  /** It was cut off. */
  cleared: boolean;
}

interface Playing {
  playedMs: number;
  next: number;
  ended: boolean;
}

export interface EarOptions {
  readonly sampleRate: number;
  /** Audio held before anything is played, ms. */
  readonly bufferMs: number;
  /** Where the words of an utterance lie in its audio, as far as is known. */
  readonly wordsOf: (utterance: UtteranceId) => readonly WordTiming[];
  /** How far an utterance was played; `done` for the last time. */
  readonly report: (utterance: UtteranceId, playedMs: number, done: boolean) => void;
  readonly onWord: (word: HeardWord) => void;
  readonly onSpan: (span: HeardSpan, phase: "begins" | "ends") => void;
}

/** How often the client tells what was played, in frames. */
const REPORT_FRAMES = 5;

/** The caller's client as one hears it: a buffer, a loudspeaker, and somebody who listens to it word by word. */
export class Ear {
  /** Words heard so far. */
  readonly words: HeardWord[] = [];
  /** When the assistant was to be heard; the last one may last. */
  readonly spans: HeardSpan[] = [];
  readonly #options: EarOptions;
  readonly #progress = new Map<UtteranceId, Playing>();
  #buffer: { readonly utterance: UtteranceId; readonly samples: Int16Array }[] = [];
  #buffered = 0;
  #started = false;
  #frames = 0;

  constructor(options: EarOptions) {
    this.#options = options;
  }

  /** Whether the assistant can be heard now. */
  get playing(): boolean {
    const last = this.spans.at(-1);
    return last !== undefined && last.toMs === undefined;
  }

  /** What was heard, of one utterance or of all, as it was said. */
  heard(utterance?: UtteranceId): string {
    return this.words
      .filter((word) => utterance === undefined || word.utterance === utterance)
      .map(({ text }) => text)
      .join(" ");
  }

  /** How much of an utterance was played, ms. */
  playedMs(utterance: UtteranceId): number {
    return this.#progress.get(utterance)?.playedMs ?? 0;
  }

  take(what: FromServer, now: number): void {
    if (what.type === "audio") {
      this.#buffer.push(what);
      this.#buffered += what.samples.length;
      if (!this.#progress.has(what.utterance))
        this.#progress.set(what.utterance, { playedMs: 0, next: 0, ended: false });
    } else if (what.type === "end") {
      const playing = this.#progress.get(what.utterance);
      if (playing) playing.ended = true;
    } else if (what.type === "clear") this.#clear(now);
  }

  /** Plays the frame that begins now. */
  play(samples: number, now: number): Int16Array {
    const frame = new Int16Array(samples);
    const enough = (this.#options.bufferMs * this.#options.sampleRate) / 1000;
    this.#started ||= this.#buffered > 0 && (this.#buffered >= enough || this.#allEnded);
    let at = 0;
    while (this.#started && at < samples) {
      const first = this.#buffer[0];
      if (!first) break;
      const part = first.samples.subarray(0, samples - at);
      frame.set(part, at);
      this.#hear(first.utterance, part.length, now + this.#ms(at));
      at += part.length;
      this.#buffered -= part.length;
      if (part.length === first.samples.length) this.#buffer.shift();
      else this.#buffer[0] = { ...first, samples: first.samples.subarray(part.length) };
    }
    if (at < samples) {
      this.#started = false;
      this.#silent(now + this.#ms(at), false);
    }
    this.#report(this.#frames++ % REPORT_FRAMES === 0);
    return frame;
  }

  /** The call is over. */
  close(now: number): void {
    this.#buffer = [];
    this.#buffered = 0;
    this.#silent(now, false);
  }

  get #allEnded(): boolean {
    return this.#buffer.every(({ utterance }) => this.#progress.get(utterance)?.ended);
  }

  #hear(utterance: UtteranceId, samples: number, from: number): void {
    const last = this.spans.at(-1);
    if (last?.utterance !== utterance || last.toMs !== undefined) {
      this.#silent(from, false);
      const span: HeardSpan = { utterance, fromMs: from, cleared: false };
      this.spans.push(span);
      this.#options.onSpan(span, "begins");
    }
    const playing = this.#progress.get(utterance) as Playing;
    const before = playing.playedMs;
    playing.playedMs += this.#ms(samples);
    const words = this.#options.wordsOf(utterance);
    for (let word = words[playing.next]; word; word = words[++playing.next]) {
      if ((word.startMs + word.endMs) / 2 > playing.playedMs) break;
      const heard = {
        text: word.text,
        utterance,
        fromMs: from + word.startMs - before,
        toMs: from + word.endMs - before,
      };
      this.words.push(heard);
      this.#options.onWord(heard);
    }
  }

  #clear(now: number): void {
    this.#buffer = [];
    this.#buffered = 0;
    this.#started = false;
    this.#silent(now, true);
    for (const [utterance, { playedMs }] of this.#progress) this.#options.report(utterance, playedMs, true);
    this.#progress.clear();
  }

  #silent(now: number, cleared: boolean): void {
    const last = this.spans.at(-1);
    if (!last || last.toMs !== undefined) return;
    last.toMs = now;
    last.cleared = cleared;
    this.#options.onSpan(last, "ends");
  }

  #report(due: boolean): void {
    for (const [utterance, { playedMs, ended }] of this.#progress) {
      const done = ended && this.#buffer.every((each) => each.utterance !== utterance);
      if (done) this.#progress.delete(utterance);
      if (done || (due && playedMs > 0)) this.#options.report(utterance, playedMs, done);
    }
  }

  #ms(samples: number): number {
    return (samples * 1000) / this.#options.sampleRate;
  }
}
