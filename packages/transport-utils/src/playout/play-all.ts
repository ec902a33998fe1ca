import { type AudioFrame, RoomKitError, type UtteranceId, type VoiceConnection } from "@roomkit/core";

/** Queue at most this much of an endless source, ms. */
const AHEAD_MS = 1_000;

/** Plays a frame or a stream of them as one utterance. Resolves when all of it is queued, or the connection ended. */
export async function playAll(
  connection: VoiceConnection,
  utterance: UtteranceId,
  audio: AudioFrame | AsyncIterable<AudioFrame>,
): Promise<void> {
  if ("samples" in audio) {
    connection.play(utterance, audio);
    connection.endUtterance(utterance);
    return;
  }
  const gone = new AbortController();
  const unsubscribe = connection.onClose(() => gone.abort());
  try {
    for await (const frame of audio) {
      if (connection.closed) return;
      connection.play(utterance, frame);
      await connection.writable(AHEAD_MS, gone.signal);
    }
    connection.endUtterance(utterance);
  } catch (error) {
    // The listener left: there is nobody to play to, which is no error of the caller.
    if (!RoomKitError.is(error, "aborted") || !gone.signal.aborted) throw error;
  } finally {
    unsubscribe();
  }
}
