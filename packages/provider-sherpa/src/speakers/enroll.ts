import { type AudioFrame, assertFrame, RoomKitError } from "@roomkit/core";
import { type DiarizerSettings, type EmbeddingPool, LEAST_MS } from "./diarizer.ts";
import { asUnit } from "./embeddings.ts";
import { RATE, type SpeechWindow, SpeechWindows } from "./speech-windows.ts";

/** Longest audio a voice is learnt from, s. */
const MAX_SECONDS = 60;

/**
 * What a voice sounds like, from audio in which nobody else speaks: the mean of its windows.
 *
 * @throws RoomKitError `invalid_audio` (no audio, more than 60 s, or less speech than a window), `unsupported_format`, `aborted`, or what
 *   the engine fails with.
 */
export async function voiceOf(
  audio: AudioFrame | readonly AudioFrame[],
  { windowMs, minLevel }: Pick<DiarizerSettings, "windowMs" | "minLevel">,
  pool: EmbeddingPool,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const windows: SpeechWindow[] = [];
  const gatherer = new SpeechWindows({
    ...{ windowMs, minLevel, pauseMs: Number.POSITIVE_INFINITY },
    onWindow: (window) => windows.push(window),
  });
  let length = 0;
  for (const frame of Array.isArray(audio) ? (audio as readonly AudioFrame[]) : [audio as AudioFrame]) {
    assertFrame(frame);
    const { sampleRate, channels, samples } = frame;
    if (sampleRate !== RATE || channels !== 1)
      throw new RoomKitError("unsupported_format", "voices are learnt at 16,000 Hz mono", {
        details: { sampleRate, channels },
      });
    if (length + samples.length > MAX_SECONDS * RATE)
      throw new RoomKitError("invalid_audio", `a voice is learnt from ${MAX_SECONDS} s at most`);
    // One piece follows the other, whatever their times.
    gatherer.push({ ...frame, timestamp: (length / RATE) * 1000 });
    length += samples.length;
  }
  const rest = gatherer.take(LEAST_MS);
  if (windows.length === 0)
    throw new RoomKitError("invalid_audio", `a voice is learnt from ${windowMs} ms of speech at least`);
  if (rest) windows.push(rest);
  let sum: Float64Array | undefined;
  for (const { samples } of windows) {
    const voice = asUnit(await pool.run({ samples }, signal ? { signal } : {}));
    if (!voice) continue;
    sum ??= new Float64Array(voice.length);
    for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] as number) + (voice[k] ?? 0);
  }
  const mean = sum && asUnit(sum);
  if (!mean) throw new RoomKitError("invalid_audio", "nothing can be told of this voice");
  return mean;
}
