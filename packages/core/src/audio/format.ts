/** The shape of a stream of linear PCM: what a frame on that stream must look like. */
export interface AudioFormat {
  /** Samples per second and channel, in Hz: 8,000 to 192,000. */
  readonly sampleRate: number;
  /** Interleaved channels. */
  readonly channels: 1 | 2;
}

/** True when both describe the same stream. */
export function sameFormat(a: AudioFormat, b: AudioFormat): boolean {
  return a.sampleRate === b.sampleRate && a.channels === b.channels;
}
