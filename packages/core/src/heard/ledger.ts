import type { WordTiming } from "../contracts/stt.ts";
import { charAt, charBefore, graphemeStart, isSyllabic, isUnspaced, isWordBoundary, needsSpace } from "./graphemes.ts";
import { plainPiece, type SpokenPiece } from "./spoken-piece.ts";

/** One piece: where it lies in what is said and in what was written, and when its audio begins. */
interface Segment {
  readonly from: number;
  readonly to: number;
  readonly spoken: string;
  /** Where its written text ends, with what is only read after it. */
  writtenTo: number;
  /** Its first run in the ledger's. */
  readonly run: number;
  /** In ms; undefined until its audio began. */
  startMs: number | undefined;
}

/** Where a run lies: `from` to `to` of what is said is `writtenFrom` to `writtenTo` of what was written. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly writtenFrom: number;
  readonly writtenTo: number;
  /** Said as it was written, so that it may be cut. */
  readonly same: boolean;
  readonly opens: boolean;
}

/** What was spoken, split at the ear: as it was written, without the white space at the cut. */
export interface HeardSplit {
  readonly heard: string;
  readonly unheard: string;
}

/** Speaking rates assumed where nothing better is known, in characters per second: of letters, and of signs that are a syllable each. */
const LETTERS_PER_SECOND = 15;
const SYLLABLES_PER_SECOND = 6;
/** How far a word may lie behind the one before it. A voice says "forty two" for "42": never jump over more to find a word. */
const MAX_JUMP = 80;
/** The same for a word of one or two signs of a script without spaces, which is easily found where it was not meant. */
const MAX_SHORT_JUMP = 12;
/** Word timings may trail the audio; so long after the last known word only an estimate is left, in ms. */
const WORDS_TRAIL_MS = 1_000;

/**
 * Which words of an utterance a listener has heard after so many milliseconds of it. Knows the text pieces in speaking order
 * and, as far as the voice tells, where each piece and each word lies in the audio; where it does not, it estimates by length.
 * What is heard is told as it was written: cut between words, or between characters in scripts without spaces, and never inside
 * something that was said in other words. More milliseconds never give less text.
 */
export class HeardLedger {
  #text = "";
  #spoken = "";
  #segments: Segment[] = [];
  #runs: Run[] = [];
  #words: { readonly end: number; readonly midMs: number }[] = [];
  #wordCursor = 0;
  #begun = 0;
  #audioMs = 0;
  #finished = false;

  /** The whole text so far, as it was written. */
  get text(): string {
    return this.#text;
  }

  /** Whether nothing of it is for a voice: pictograms, code. */
  get silent(): boolean {
    return this.#spoken === "";
  }

  /** Audio produced so far, in ms. */
  get audioMs(): number {
    return this.#audioMs;
  }

  /**
   * A piece of text was handed to the voice; or, one with nothing to say, was passed over. Plain text is set apart from the piece
   * before by a space where its script has spaces.
   */
  addText(piece: string | SpokenPiece): void {
    if (typeof piece === "string") this.#addPiece(plainPiece(piece), needsSpace(this.#text, piece) ? " " : "");
    else this.#addPiece(piece, "");
  }

  /** For voices that tell their own words while they speak: the whole text so far, without pieces. */
  setText(text: string): void {
    this.#text = text;
    this.#spoken = text;
    this.#segments = [];
    this.#runs = [{ from: 0, to: text.length, writtenFrom: 0, writtenTo: text.length, same: true, opens: false }];
    this.#begun = 0;
  }

  /** The audio that follows speaks the next piece; with `text`, the next one of that text. */
  beginSegment(text?: string): void {
    let next = this.#begun;
    if (text !== undefined) {
      const wanted = text.trim();
      let named = next;
      while (named < this.#segments.length && this.#segments[named]?.spoken !== wanted) named++;
      if (named < this.#segments.length) next = named;
    }
    if (next >= this.#segments.length) return;
    for (; this.#begun <= next; this.#begun++) (this.#segments[this.#begun] as Segment).startMs = this.#audioMs;
  }

  addAudio(ms: number): void {
    this.#audioMs += ms;
  }

  /** No more audio will come. */
  finish(): void {
    this.#finished = true;
  }

  /** Where words lie in the audio of the utterance. Words that do not occur in the text any more, or at no time there is, are passed over. */
  addWords(words: readonly WordTiming[]): void {
    for (const word of words) {
      const midMs = (word.startMs + word.endMs) / 2;
      if (!(midMs >= 0 && midMs < Number.POSITIVE_INFINITY)) continue;
      const text = word.text.trim();
      // Voices differ in whether a word comes with its punctuation, and in which punctuation they take it for.
      const end = this.#find(text) ?? this.#find(text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}\p{M}]+$/gu, ""));
      if (end === undefined) continue;
      this.#wordCursor = end;
      this.#words.push({ end, midMs });
    }
  }

  /** The text of the pieces whose audio has begun by `playedMs`: what may be shown while it is spoken. */
  begunText(playedMs: number): string {
    let end = 0;
    for (const segment of this.#segments) {
      if (segment.startMs === undefined || segment.startMs > playedMs) break;
      end = segment.writtenTo;
    }
    if (end === 0 && this.#begun === 0 && this.#audioMs > 0) return this.#text;
    return this.#text.slice(0, end);
  }

  /** Splits the text at what was heard after `playedMs` of audio. */
  heardAt(playedMs: number): HeardSplit {
    if (!(playedMs > 0)) return { heard: "", unheard: this.#text.trim() };
    const end = Math.max(this.#wordEnd(playedMs), this.#trailing(playedMs) ? 0 : this.#estimatedEnd(playedMs));
    return { heard: this.#text.slice(0, end).trim(), unheard: this.#text.slice(end).trim() };
  }

  /** Splits the text at so many characters of what is said. */
  splitAt(said: number): HeardSplit {
    const end = this.#writtenEnd(said, 0);
    return { heard: this.#text.slice(0, end).trim(), unheard: this.#text.slice(end).trim() };
  }

  /** Everything was heard. */
  all(): HeardSplit {
    return { heard: this.#text.trim(), unheard: "" };
  }

  #addPiece(piece: SpokenPiece, gap: string): void {
    const first = this.#runs.length;
    const from = this.#spoken.length;
    let at = from;
    let writtenAt = this.#text.length + gap.length;
    for (const run of piece.runs) {
      const to = at + run.spoken.length;
      const writtenTo = writtenAt + run.written.length;
      const same = run.written === run.spoken;
      this.#runs.push({ from: at, to, writtenFrom: writtenAt, writtenTo, same, opens: run.opens === true });
      at = to;
      writtenAt = writtenTo;
    }
    this.#text += gap + piece.written;
    const last = this.#segments.at(-1);
    if (piece.spoken !== "") {
      this.#spoken += piece.spoken;
      this.#segments.push({ from, to: at, spoken: piece.spoken, writtenTo: writtenAt, run: first, startMs: undefined });
    } else if (last) last.writtenTo = writtenAt;
  }

  /** Where a word of the voice ends in what is said. */
  #find(word: string): number | undefined {
    if (word === "") return undefined;
    const short = isUnspaced(charAt(word, 0)) && word.length <= 2;
    const window = this.#spoken.slice(
      this.#wordCursor,
      this.#wordCursor + (short ? MAX_SHORT_JUMP : MAX_JUMP) + word.length,
    );
    const lower = sameLength(window);
    const wanted = sameLength(word);
    for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) {
      // "at" is not found inside "that"; but a voice may tell a word in parts.
      const inside = at > 0 && isWordChar(charBefore(lower, at)) && isWordChar(charAt(wanted, 0));
      if (!inside) return this.#wordCursor + at + wanted.length;
    }
    return undefined;
  }

  /** Whether the words known reach so far that nothing needs to be estimated. */
  #trailing(playedMs: number): boolean {
    const last = this.#words.at(-1);
    // Of audio that there is not yet nobody can know the words, when it is asked what will have been heard.
    if (!last || playedMs > this.#audioMs || (this.#finished && playedMs === this.#audioMs)) return false;
    return playedMs <= last.midMs + WORDS_TRAIL_MS;
  }

  #wordEnd(playedMs: number): number {
    let end = 0;
    for (const word of this.#words) {
      if (word.midMs > playedMs) break;
      end = word.end;
    }
    // Punctuation right after a heard word belongs to it.
    while (end > 0 && /[^\s\p{L}\p{N}\p{M}\p{Ps}\p{Pi}]/u.test(charAt(this.#spoken, end))) {
      end += charAt(this.#spoken, end).length;
    }
    return this.#writtenEnd(end, 0);
  }

  #estimatedEnd(playedMs: number): number {
    const begun = this.#segments.slice(0, this.#begun);
    const whole = { from: 0, to: this.#spoken.length, run: 0, startMs: 0 };
    const spans = begun.length > 0 ? begun : [whole];
    let said = 0;
    let firstRun = 0;
    for (const [i, span] of spans.entries()) {
      const startMs = span.startMs ?? 0;
      if (startMs >= playedMs) break;
      const nextMs = spans[i + 1]?.startMs;
      let lengthMs = (nextMs ?? this.#audioMs) - startMs;
      // The last piece may still be growing: never take it for shorter than it would take to say.
      if (nextMs === undefined && !this.#finished) {
        lengthMs = Math.max(lengthMs, sayingMs(this.#spoken.slice(span.from, span.to)));
      }
      const share = lengthMs <= 0 ? 1 : Math.min(1, (playedMs - startMs) / lengthMs);
      const reached = span.from + (share >= 1 ? span.to - span.from : Math.floor((span.to - span.from) * share));
      if (reached <= said) continue;
      said = reached;
      firstRun = span.run;
    }
    return this.#writtenEnd(said, firstRun);
  }

  /** How much of the written text has been said when `said` characters have: whole runs, and whole words of the last. */
  #writtenEnd(said: number, firstRun: number): number {
    if (said <= 0) return 0;
    const begin = this.#runs[firstRun]?.writtenFrom ?? 0;
    let end = begin;
    for (let i = firstRun; i < this.#runs.length; i++) {
      const run = this.#runs[i] as Run;
      if (run.to < said) {
        end = run.writtenTo;
        continue;
      }
      if (run.to === said && !(run.opens && run.from === said && said < this.#spoken.length)) {
        end = run.writtenTo;
        continue;
      }
      if (run.same && run.from < said) end = run.writtenFrom + (said - run.from);
      break;
    }
    if (said >= this.#spoken.length) return end;
    return this.#boundary(end, begin);
  }

  /** The last place at or before `at` where the written text may be cut. */
  #boundary(at: number, from: number): number {
    let end = at;
    while (end > from) {
      if (isWordBoundary(this.#text, end)) {
        const unit = this.#unitAround(end);
        if (unit === undefined) return end;
        end = unit.writtenFrom;
        if (isWordBoundary(this.#text, end)) return Math.max(end, from);
      } else end--;
    }
    return graphemeStart(this.#text, from);
  }

  /** The run that a cut at `at` would halve though it is one unit. */
  #unitAround(at: number): Run | undefined {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const run = this.#runs[middle] as Run;
      if (run.writtenTo <= at) low = middle + 1;
      else if (run.writtenFrom >= at) high = middle - 1;
      else return run.same ? undefined : run;
    }
    return undefined;
  }
}

function isWordChar(char: string): boolean {
  return char !== "" && /[\p{L}\p{N}]/u.test(char) && !isUnspaced(char);
}

/** In lower case, with every character where it was. */
function sameLength(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
}

/** How long a text takes to say at least, in ms. */
function sayingMs(text: string): number {
  let seconds = 0;
  for (const char of text) seconds += 1 / (isSyllabic(char) ? SYLLABLES_PER_SECOND : LETTERS_PER_SECOND);
  return seconds * 1000;
}
