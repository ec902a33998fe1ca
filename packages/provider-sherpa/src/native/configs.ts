export const SAMPLE_RATE = 16_000;
/** Samples the Silero network judges at a time. */
export const VAD_WINDOW = 512;

/** The native detector decides window by window; how long speech and silence must last is ours to say. */
export function vadConfig(model: string, threshold: number): object {
  return {
    sileroVad: {
      model,
      threshold,
      minSilenceDuration: 0.032,
      minSpeechDuration: 0.032,
      maxSpeechDuration: 3_600,
      windowSize: VAD_WINDOW,
    },
    sampleRate: SAMPLE_RATE,
    numThreads: 1,
    debug: 0,
  };
}
