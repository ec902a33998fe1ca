import { type AbortScope, RoomKitError, type SpeechPart, untilAborted } from "@roomkit/core";
import type { WorkerPool } from "@roomkit/worker-pool";
import type { SpeechJob, SpeechResult } from "../native/engine.ts";

export interface SpeechContext {
  readonly pool: Pick<WorkerPool<SpeechJob, SpeechResult>, "run">;
  readonly settings: Omit<SpeechJob, "text">;
  readonly sampleRate: number;
  readonly scope: AbortScope;
}

/** A piece whose synthesis is under way. */
interface Piece {
  readonly text: string;
  readonly made: Promise<SpeechResult>;
}

const FRAME_MS = 20;

/** Speaks the pieces in order, one being synthesized ahead of the one that is being taken. */
export async function* speech(
  text: AsyncIterable<string>,
  { pool, settings, sampleRate, scope }: SpeechContext,
): AsyncGenerator<SpeechPart, void, undefined> {
  // Of its own, so that a reader who stops ends the synthesis that is ahead.
  const own = scope.child();
  const { signal } = own;
  const source = text[Symbol.asyncIterator]();
  const next = async (): Promise<Piece | undefined> => {
    for (;;) {
      const { value, done } = await untilAborted(source.next(), signal);
      if (done) return undefined;
      // What has neither letter nor digit has no sound, and some models end on it.
      if (!/[\p{L}\p{N}]/u.test(value)) continue;
      const made = pool.run({ text: value, ...settings }, { signal });
      made.catch(() => {});
      return { text: value, made };
    }
  };
  let samples = 0;
  try {
    let coming = next();
    for (;;) {
      const piece = await coming;
      if (!piece) return;
      coming = next();
      coming.catch(() => {});
      const audio = await piece.made;
      if (audio.sampleRate !== sampleRate) {
        throw new RoomKitError("unsupported_format", `the model speaks at ${audio.sampleRate} Hz, not ${sampleRate}`, {
          details: { sampleRate: audio.sampleRate },
        });
      }
      yield { type: "segment", text: piece.text };
      const pcm = toPcm16(audio.samples);
      const size = Math.round((sampleRate * FRAME_MS) / 1000);
      for (let at = 0; at < pcm.length; at += size) {
        signal.throwIfAborted();
        const part = pcm.slice(at, at + size);
        const timestamp = (samples / sampleRate) * 1000;
        samples += part.length;
        yield { type: "audio", frame: { samples: part, sampleRate, channels: 1, timestamp } };
      }
    }
  } finally {
    own.abort(new RoomKitError("aborted", "nobody listens any more"));
    own.release();
    void source.return?.()?.catch(() => {});
  }
}

function toPcm16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (value) => Math.max(-32_768, Math.min(32_767, Math.round(value * 32_767))));
}
