import { type AudioFrame, assertFrame, RoomKitError, untilAborted } from "@roomkit/core";

const RATE = 16_000;

/**
 * The audio of a stream as samples from -1 to 1, in pieces of at least `chunk` samples but for the last; ends with the source's
 * end. Lets go of the source when left.
 *
 * @throws RoomKitError `unsupported_format`, `invalid_audio`, `aborted`, or what the source throws.
 */
export async function* chunksOf(
  audio: AsyncIterable<AudioFrame>,
  chunk: number,
  signal: AbortSignal,
): AsyncGenerator<Float32Array, void, undefined> {
  const source = audio[Symbol.asyncIterator]();
  let pieces: Int16Array[] = [];
  let length = 0;
  const take = (): Float32Array => {
    const samples = new Float32Array(length);
    let at = 0;
    for (const piece of pieces) for (const sample of piece) samples[at++] = sample / 32_768;
    pieces = [];
    length = 0;
    return samples;
  };
  try {
    for (;;) {
      const next = await untilAborted(source.next(), signal);
      if (next.done) break;
      const { samples } = checked(next.value);
      pieces.push(samples);
      length += samples.length;
      if (length >= chunk) yield take();
    }
    if (length > 0) yield take();
  } finally {
    // Not awaited: a source that is stuck must not hold anything up.
    void source.return?.()?.catch(() => {});
  }
}

function checked(frame: AudioFrame): AudioFrame {
  assertFrame(frame);
  if (frame.sampleRate === RATE && frame.channels === 1) return frame;
  throw new RoomKitError("unsupported_format", `sherpa takes mono at ${RATE} Hz`, {
    details: { sampleRate: frame.sampleRate, channels: frame.channels },
  });
}
