import { type AudioFrame, RoomKitError, type UtteranceId, untilAborted, type VoiceConnection } from "@roomkit/core";

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
  const source = audio[Symbol.asyncIterator]();
  try {
    while (!connection.closed) {
      // A source that stalls must not outlast its listener.
      const next = await untilAborted(source.next(), gone.signal);
      if (next.done) break;
      connection.play(utterance, next.value);
      await connection.writable(AHEAD_MS, gone.signal);
    }
  } catch (error) {
    // The listener left: there is nobody to play to, which is no error of the caller.
    if (!RoomKitError.is(error, "aborted") || !gone.signal.aborted) throw error;
  } finally {
    unsubscribe();
    // Also of a source that failed: what it gave is a whole of its own.
    connection.endUtterance(utterance);
    // Not waited for: a generator that stalls answers when its own wait is over.
    if (connection.closed) Promise.resolve(source.return?.()).catch(() => {});
  }
}
