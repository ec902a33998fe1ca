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
 * The bounds were read off: of 91 clips of white and pink noise, knocks, coughs, doors, keys, babble and tones all but one tone have one of these marks, nearest
 * (0.996, 0.01) and (0.958, 0.04); of 220 spoken ones, half of them a single word, three have: two that say "uh", and a "cool".
 */
export function isNoise({ silence, confidence }: Evidence): boolean {
  return silence > 0.997 || confidence < 0.1 || (silence > 0.95 && confidence < 0.2);
}

/** Text without a Latin letter or a digit is no English: notes, other scripts, punctuation. */
export function englishOnly(text: string): string {
  return /[A-Za-z0-9]/.test(text) ? text : "";
}
