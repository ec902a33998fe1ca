/** Texts that wait for their place. */
export const MAX_TEXTS = 16;
/** How long the results of tools wait for the caller to stop speaking, ms: the model can do nothing without them. */
export const RESULT_HOLD_MS = 5_000;
/** How long before its end a connection is given up at the latest, ms. */
export const MARGIN_MS = 1_000;
/** How long words of a complete turn may still come, ms: they are sent in no particular order. */
export const WORDS_MS = 1_000;
/** What the model is told when the caller spoke, and neither an answer nor their words came. */
export const SAY_AGAIN = "(instruction) What the caller just said was lost. Ask them to say it again.";
