/** What the decoder knows of a stretch of audio besides its text. */
export interface Evidence {
  /** The probability, 0 to 1, that there is nothing to transcribe: that of the end token at the very first step. */
  readonly silence: number;
  /** Mean probability of the tokens taken, 0 to 1. */
  readonly confidence: number;
}

/**
 * Whether the text is what the model makes up for noise ("You", "© transcript ...", notes) rather than what somebody said.
 *
 * The bounds were read off: over 88 clips of white and pink noise, clicks and tones all have one of these marks; of 100 spoken
 * ones (25 human, 75 synthetic, single words among them) none has. They lie at (0.95, 0.56) and (0.65, 0.15) at the nearest. A looser third bound (0.2)
 * for all lets "uh" be heard as "no", which ends an answer: of 40 by people 4 did, here one.
 */
export function isNoise({ silence, confidence, text }: Evidence & { readonly text: string }): boolean {
  return silence > 0.997 || confidence < 0.1 || (silence > 0.95 && confidence < (LONE_WORD.test(text) ? 0.2 : 0.45));
}

/** What the model makes up is shorter, or more words; people call "stop" and "wait". */
const LONE_WORD = /^[A-Za-z]{4,}[.!?]?$/;

/** Text without a Latin letter or a digit is no English: notes, other scripts, punctuation. */
export function englishOnly(text: string): string {
  return /[A-Za-z0-9]/.test(text) ? text : "";
}
