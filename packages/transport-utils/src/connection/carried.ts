import type { PlaybackProgress, UtteranceId } from "@roomkit/core";

/** The utterances of a connection by the numbers that its client knows them by. */
export interface Numbering {
  /** The highest that was given. */
  readonly last: number;
  /** Those of which the client may be playing something. */
  readonly playing: readonly { readonly id: UtteranceId; readonly number: number }[];
}

/** Utterances that a process may number between the time that was kept and its end. */
const NUMBERS_BETWEEN = 1_000;

/** What another process was playing to a client. */
export class Carried {
  /** No utterance of that process has a higher number. */
  readonly last: number;
  readonly #playing: Map<number, UtteranceId>;
  readonly #reports = new Map<number, PlaybackProgress>();

  private constructor(last: number, playing: Map<number, UtteranceId>) {
    this.last = last;
    this.#playing = playing;
  }

  /** Of what was kept, whoever wrote that. */
  static of(numbering: unknown): Carried | undefined {
    const { last, playing } = Object(numbering) as Partial<Record<keyof Numbering, unknown>>;
    if (typeof last !== "number" || !Number.isSafeInteger(last) || last < 0 || last > 2 ** 31) return undefined;
    const known = new Map<number, UtteranceId>();
    for (const each of Array.isArray(playing) ? playing : []) {
      const { id, number } = Object(each) as Record<string, unknown>;
      if (typeof id === "string" && typeof number === "number") known.set(number, id);
    }
    return new Carried(last + NUMBERS_BETWEEN, known);
  }

  /** What the client said of them last: for those who listen later. */
  get reports(): Iterable<PlaybackProgress> {
    return this.#reports.values();
  }

  /** What the client says of one of them; undefined for any other. @param seconds of it that were played */
  report(number: number, seconds: number, done: boolean): PlaybackProgress | undefined {
    const utterance = this.#playing.get(number);
    if (utterance === undefined) return undefined;
    const before = this.#reports.get(number);
    if (before?.done) return before;
    const report = { utterance, playedMs: seconds * 1000, confidence: "reported", done } as const;
    this.#reports.set(number, report);
    return report;
  }
}
