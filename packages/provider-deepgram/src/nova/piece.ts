import type { WordTiming } from "@roomkit/core";

/** One of the vendor's alternatives; the first is the best. Times are in seconds. */
export interface Said {
  readonly transcript?: string | undefined;
  readonly confidence?: number | undefined;
  readonly languages?: readonly string[] | undefined;
  readonly words?: readonly SaidWord[] | undefined;
}

interface SaidWord {
  readonly word?: string | undefined;
  readonly punctuated_word?: string | undefined;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** A stretch of text with what is known of it. */
export interface Piece {
  readonly text: string;
  readonly confidence: number | undefined;
  readonly language: string | undefined;
  readonly words: readonly WordTiming[];
}

/** Undefined where nothing was said. */
export function pieceOf(said: Said | undefined): Piece | undefined {
  const text = said?.transcript?.trim() ?? "";
  if (!said || text === "") return undefined;
  const words = (said.words ?? []).flatMap(({ word = "", punctuated_word = word, start, end }) =>
    punctuated_word.trim() === "" || start === undefined || end === undefined
      ? []
      : [{ text: punctuated_word.trim(), startMs: ms(start), endMs: ms(end) }],
  );
  return { text, confidence: fraction(said.confidence), language: said.languages?.[0], words };
}

/** Pieces that follow each other as one; its confidence is that of all words together. */
export function together(pieces: readonly Piece[]): Piece {
  let weight = 0;
  let sum = 0;
  for (const { confidence, words } of pieces) {
    if (confidence === undefined) continue;
    const of = Math.max(1, words.length);
    weight += of;
    sum += of * confidence;
  }
  return {
    text: pieces.map(({ text }) => text).join(" "),
    confidence: weight === 0 ? undefined : sum / weight,
    language: pieces.find(({ language }) => language)?.language,
    words: pieces.flatMap(({ words }) => words),
  };
}

function ms(seconds: number): number {
  return Math.round(seconds * 1000);
}

function fraction(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.min(1, Math.max(0, value));
}
