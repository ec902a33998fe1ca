/** Changes a piece of text before it is spoken; an empty result is not spoken. */
export type SpeechFilter = (text: string) => string;

/** The default: what a model writes for eyes is taken out, so that no voice reads asterisks, addresses or pictograms aloud. */
export const speakable: SpeechFilter = (text) =>
  text
    .replace(/```[\s\S]*?(?:```|$)/g, " ")
    .replace(/`([^`]*)`/g, "$1")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/https?:\/\/\S+/g, "a link")
    .replace(/^\s{0,3}(?:#{1,6}|>|[-*+])\s+/gm, "")
    .replace(/(\*\*|__|~~)(.*?)\1/g, "$2")
    .replace(/(^|\W)[*_](\S(?:.*?\S)?)[*_](?=\W|$)/g, "$1$2")
    .replace(/\p{Extended_Pictographic}|\u{FE0F}|\u{200D}/gu, "")
    .replace(/[ \t]{2,}/g, " ")
    .trim();
