import { expandToken } from "./expand-words.ts";

/** A word as it is written and as it is said. */
export interface Token {
  /** A part of the text, without the punctuation around it. */
  readonly written: string;
  /** Latin letters, spaces, apostrophes and commas; never empty. */
  readonly spoken: string;
  /** The punctuation after it, reduced to what a voice makes of it. */
  readonly pause: "" | "," | ";" | ":" | "." | "!" | "?";
}

const OPENING = /^["'“”„‘’«»([{¿¡<]+/u;
const CLOSING = /(["'“”‘’»)\]}>.,!?;:…。！？、，；：]*)$/u;

function pauseOf(marks: string, last: boolean): Token["pause"] {
  if (/[?？]/.test(marks)) return "?";
  if (/[!！]/.test(marks)) return "!";
  if (/…|\.\./.test(marks)) return last ? "." : ",";
  if (/[.。]/.test(marks)) return ".";
  if (/[;；]/.test(marks)) return ";";
  if (/[:：]/.test(marks)) return ":";
  return /[,，、]/.test(marks) ? "," : "";
}

/** The words of a sanitized text in order; what is not said is left out. */
export function tokenize(text: string): Token[] {
  const pieces = text
    .replace(/\s*(?:—|--+|\s[-–](?=\s))\s*/g, " — ")
    .split(/\s+/)
    .filter((piece) => piece !== "")
    .map((piece) => {
      const opened = piece.length > 1 && !/^<\d/.test(piece) ? piece.replace(OPENING, "") : piece;
      const marks = CLOSING.exec(opened)?.[1] ?? "";
      // A mark that stands alone is looked at as a symbol.
      const core = opened.length > marks.length ? opened.slice(0, opened.length - marks.length) : marks;
      return { core, marks: core === marks ? "" : marks };
    });
  const tokens: Token[] = [];
  pieces.forEach(({ core, marks }, i) => {
    const context = { previous: pieces[i - 1]?.core ?? "", next: pieces[i + 1]?.core ?? "" };
    const last = i === pieces.length - 1;
    const spoken = expandToken(core, marks.startsWith("."), context).replace(/\s+/g, " ").trim();
    const abbreviated = marks === "." && !last && isAbbreviation(core, context.next);
    const pause = abbreviated ? "" : core === "—" ? "," : pauseOf(core + marks === "…" ? "…" : marks, last);
    if (/[A-Za-z]/.test(spoken)) {
      tokens.push({ written: core, spoken, pause });
    } else if (pause !== "" && tokens.length > 0) {
      // Its pause belongs to the word before.
      const before = tokens[tokens.length - 1] as Token;
      if (before.pause === "" || before.pause === ",") tokens[tokens.length - 1] = { ...before, pause };
    }
  });
  return tokens;
}

/** Whether the full stop after `core` ends a word rather than a sentence, in the middle of a text. */
function isAbbreviation(core: string, next: string): boolean {
  if (/^(?:mr|mrs|ms|dr|prof|st|vs|no|fig|approx|jan|feb|apr|aug|sept?|oct|nov|dec|\p{L})$/iu.test(core)) return true;
  return /^(?:\p{L}\.)+\p{L}$|^(?:etc|inc|ltd|corp|jr|sr|est|dept|ave|blvd)$/iu.test(core) && !/^\p{Lu}/u.test(next);
}

/** What is given to the engine for these words: it can hold nothing but letters, spaces, apostrophes and plain punctuation. */
export function spokenText(tokens: readonly Token[]): string {
  return tokens
    .map(({ spoken, pause }) => (spoken.endsWith(",") ? spoken.slice(0, -1) + (pause || ",") : spoken + pause))
    .join(" ");
}
