/** Pictograms by property that are read as characters: (c), (r), TM, i, the double marks, and enclosed letters. */
const READ = /[©®™ℹ‼⁉Ⓜ㊗㊙]/u;
const PICTOGRAM = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{RI}|\ufe0e|\ufe0f|\u20e3|[\u{E0020}-\u{E007F}]/u;
/** A digit, a hash or an asterisk in a box. */
const KEYCAP = /[0-9#*]\ufe0f?\u20e3/y;

/** Whether a character is a pictogram or a part of one, and is not said. A joiner is one only after another, see the caller. */
export function isPictogram(char: string): boolean {
  return PICTOGRAM.test(char) && !READ.test(char);
}

/** The length of the keycap at a place; 0 when there is none, -1 when the text so far does not tell. */
export function keycapAt(text: string, at: number, final: boolean): number {
  KEYCAP.lastIndex = at;
  const found = KEYCAP.exec(text);
  if (found) return found[0].length;
  const maybe = text[at + 1] === undefined || (text[at + 1] === "\ufe0f" && text[at + 2] === undefined);
  return maybe && !final ? -1 : 0;
}
