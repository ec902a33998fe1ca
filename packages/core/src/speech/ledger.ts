import type { WordTiming } from "../contracts/stt.ts";

interface Segment {
  /** Where its text begins in the whole text. */
  readonly from: number;
  readonly to: number;
  /** Where its audio begins, in ms; undefined until its audio began. */
  startMs: number | undefined;
}

/** What was spoken, split at the ear. */
export interface HeardSplit {
  readonly heard: string;
  readonly unheard: string;
}

/** Speaking rate assumed where nothing better is known, in characters per second. */
const CHARS_PER_SECOND = 15;

/**
 * Which words of an utterance a listener has heard after so many milliseconds of it. Knows the text pieces in speaking order
 * and, as far as the voice tells, where each piece and each word lies in the audio; where it does not, it estimates by length
 * and cuts at a word boundary.
 */
export class HeardLedger {
  #text = "";
  readonly #segments: Segment[] = [];
  readonly #words: { readonly end: number; readonly midMs: number }[] = [];
  #wordCursor = 0;
  #begun = 0;
  #audioMs = 0;
  #finished = false;

  /** The whole text so far. */
  get text(): string {
    return this.#text;
  }

  /** Audio produced so far, in ms. */
  get audioMs(): number {
    return this.#audioMs;
  }

  /** A piece of text was handed to the voice. */
  addText(piece: string): void {
    if (this.#text !== "" && !/\s$/.test(this.#text) && !/^\s/.test(piece)) this.#text += " ";
    const from = this.#text.length;
    this.#text += piece;
    this.#segments.push({ from, to: this.#text.length, startMs: undefined });
  }

  /** For voices that tell their own words while they speak: the whole text so far, without pieces. */
  setText(text: string): void {
    this.#text = text;
    this.#segments.length = 0;
    this.#begun = 0;
  }

  /** The audio that follows speaks the next piece. */
  beginSegment(): void {
    const segment = this.#segments[this.#begun];
    if (!segment) return;
    segment.startMs = this.#audioMs;
    this.#begun++;
  }

  addAudio(ms: number): void {
    this.#audioMs += ms;
  }

  /** No more audio will come. */
  finish(): void {
    this.#finished = true;
  }

  /** Where words lie in the audio of the utterance. Words that do not occur in the text any more are passed over. */
  addWords(words: readonly WordTiming[]): void {
    const text = this.#text.toLowerCase();
    for (const word of words) {
      const wanted = word.text.trim().toLowerCase();
      if (wanted === "") continue;
      const at = text.indexOf(wanted, this.#wordCursor);
      // A voice may say "forty two" for "42": never jump over more than a short stretch to find a word.
      if (at < 0 || at - this.#wordCursor > 80) continue;
      const end = at + wanted.length;
      this.#wordCursor = end;
      this.#words.push({ end, midMs: (word.startMs + word.endMs) / 2 });
    }
  }

  /** The text of the pieces whose audio has begun by `playedMs`: what may be shown while it is spoken. */
  begunText(playedMs: number): string {
    let end = 0;
    for (const segment of this.#segments) {
      if (segment.startMs === undefined || segment.startMs > playedMs) break;
      end = segment.to;
    }
    if (end === 0 && this.#begun === 0 && this.#audioMs > 0) return this.#text;
    return this.#text.slice(0, end);
  }

  /** Splits the text at what was heard after `playedMs` of audio. */
  heardAt(playedMs: number): HeardSplit {
    if (playedMs <= 0) return { heard: "", unheard: this.#text };
    const end = this.#wordEnd(playedMs) ?? this.#estimatedEnd(playedMs);
    return { heard: this.#text.slice(0, end).trim(), unheard: this.#text.slice(end).trim() };
  }

  /** Everything was heard. */
  all(): HeardSplit {
    return { heard: this.#text.trim(), unheard: "" };
  }

  #wordEnd(playedMs: number): number | undefined {
    const last = this.#words.at(-1);
    // Timings may trail the audio; past the last known word only an estimate is left.
    if (!last || playedMs > last.midMs + 1_000) return undefined;
    let end = 0;
    for (const word of this.#words) {
      if (word.midMs > playedMs) break;
      end = word.end;
    }
    // Punctuation right after a heard word belongs to it.
    while (end > 0 && end < this.#text.length && /[^\s\w]/.test(this.#text[end] as string)) end++;
    return end;
  }

  #estimatedEnd(playedMs: number): number {
    const begun = this.#segments.filter((s) => s.startMs !== undefined);
    const spans = begun.length > 0 ? begun : [{ from: 0, to: this.#text.length, startMs: 0 }];
    let end = 0;
    for (let i = 0; i < spans.length; i++) {
      const span = spans[i] as Segment;
      const startMs = span.startMs ?? 0;
      if (startMs >= playedMs) break;
      const nextMs = spans[i + 1]?.startMs;
      const chars = span.to - span.from;
      let lengthMs = (nextMs ?? this.#audioMs) - startMs;
      // The last piece may still be growing: never take it for shorter than it would take to say.
      if (nextMs === undefined && !this.#finished) lengthMs = Math.max(lengthMs, (chars / CHARS_PER_SECOND) * 1000);
      const share = lengthMs <= 0 ? 1 : Math.min(1, (playedMs - startMs) / lengthMs);
      end = share >= 1 ? span.to : this.#wordBoundary(span.from + Math.floor(chars * share), span.from);
    }
    return end;
  }

  #wordBoundary(at: number, from: number): number {
    let end = at;
    while (end > from && !/\s/.test(this.#text[end] ?? " ")) end--;
    return end;
  }
}
