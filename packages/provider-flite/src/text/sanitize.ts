/** Longest piece of text taken at once, in characters. */
export const MAX_PIECE_CHARS = 20_000;

/**
 * Takes out of a piece what is not for ears: control characters, emoji, Markdown marks, addresses behind link texts, tags.
 * What is left is left as it is written, so that spoken words can be found again in the text.
 */
export function sanitize(text: string): string {
  return (
    text
      .normalize("NFC")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
      .replace(/\u001b\[[0-9;]*[A-Za-z]/g, " ")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
      .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
      .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffd]/g, "")
      // "©", "®", "™" and arrows count as pictographs and are words all the same.
      .replace(
        /(?![©®™↔→←])(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|\ufe0f|\u20e3)/gu,
        " ",
      )
      .replace(/!?\[([^\]]{0,300})\]\([^)\s]{0,500}\)/g, "$1")
      .replace(/<\/?[a-zA-Z][^<>]{0,200}>/g, " ")
      .replace(/(^|\s)#{1,6}(?=\s)/g, "$1")
      .replace(/(^|\s)[*•◦▪‣>](?=\s)/g, "$1")
      .replace(/`+|\*+|~~|__+/g, "")
      .replace(/(^|\s)_+(?=\w)|(?<=\w)_+(?=\s|$)/g, "$1")
      .replace(/\s+/g, " ")
      .trim()
  );
}
