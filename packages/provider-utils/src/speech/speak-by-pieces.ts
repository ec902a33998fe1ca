import { abortable, type SpeechPart } from "@roomkit/core";
import { PcmFramer } from "../audio/pcm-framer.ts";
import { eager } from "../streams/eager.ts";
import { linkedAbort } from "../streams/linked-abort.ts";

/** How a voice without streamed input speaks. */
export interface PieceVoice {
  /** Of its mono 16-bit audio, Hz. */
  readonly sampleRate: number;
  /** What a piece of text is asked for as, in order; of a piece with none nothing is given out. */
  portions(text: string): readonly string[];
  /** The audio of one portion, little-endian. `signal` aborts when nobody will hear it. */
  request(portion: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A piece of text whose audio is on its way. */
interface Piece {
  readonly text: string;
  readonly audio: AsyncIterable<Uint8Array>;
}

/**
 * Speaks streamed text with a voice that takes a text whole: a segment for each piece, and the next piece is asked for while one
 * is being spoken. Leaving ends that request as well, and lets go of the text.
 *
 * @throws what `request` and the text throw; RoomKitError `aborted`.
 */
export async function* speakByPieces(
  text: AsyncIterable<string>,
  voice: PieceVoice,
  signal: AbortSignal,
): AsyncGenerator<SpeechPart, void, undefined> {
  const own = linkedAbort(signal);
  const pieces = piecesOf(text, voice, own.signal);
  const framer = new PcmFramer({ sampleRate: voice.sampleRate, channels: 1 });
  try {
    let following = pieces.next();
    for (;;) {
      const { value: piece, done } = await following;
      if (done) return;
      following = pieces.next();
      following.catch(() => {});
      yield { type: "segment", text: piece.text };
      for await (const bytes of piece.audio) {
        for (const frame of framer.push(bytes)) yield { type: "audio", frame };
      }
      const last = framer.flush();
      if (last) yield { type: "audio", frame: last };
    }
  } finally {
    own.abort();
    own.unlink();
    void pieces.return();
  }
}

async function* piecesOf(
  source: AsyncIterable<string>,
  voice: PieceVoice,
  signal: AbortSignal,
): AsyncGenerator<Piece, void, undefined> {
  for await (const text of abortable(source, signal)) {
    const portions = voice.portions(text);
    if (portions.length > 0) yield { text, audio: eager(audioOf(portions, voice, signal)) };
  }
}

async function* audioOf(
  portions: readonly string[],
  voice: PieceVoice,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const portion of portions) yield* voice.request(portion, signal);
}
