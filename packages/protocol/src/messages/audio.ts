/** How samples are written: `pcm16` is signed 16-bit little-endian, `mulaw` is G.711 mu-law, one byte a sample. Always one channel. */
export type AudioCodecName = "pcm16" | "mulaw";

/** The sample rates v1 knows, in Hz. */
export const audioSampleRates = [8_000, 16_000, 24_000, 48_000] as const;
export type AudioSampleRate = (typeof audioSampleRates)[number];

/** One direction of audio, as asked for in `start` and granted in `ready`. */
export interface AudioSpec {
  readonly codec: AudioCodecName;
  /** Hz. What is asked for is one of {@link audioSampleRates}; what is granted may be any rate the server is set to. */
  readonly sampleRate: number;
}

/** Both directions, named from the client's side: it sends its microphone and receives what it plays. */
export interface AudioSpecs {
  readonly send: AudioSpec;
  readonly receive: AudioSpec;
}
