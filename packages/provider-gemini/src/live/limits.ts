/** Texts that wait for their place. */
export const MAX_TEXTS = 16;
/** How long before its end a connection is given up at the latest, ms. */
export const MARGIN_MS = 1_000;
