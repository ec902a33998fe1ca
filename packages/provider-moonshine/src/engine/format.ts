/** What the model takes, in Hz; mono. */
export const SAMPLE_RATE = 16_000;
