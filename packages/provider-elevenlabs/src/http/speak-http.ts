import type { SpeechPart } from "@roomkit/core";
import { eager, linkedAbort, PcmFramer } from "@roomkit/provider-utils";
import type { Pieces } from "../speech/pieces.ts";

/** A piece of text whose audio is on its way. */
interface Piece {
  readonly text: string;
  readonly audio: AsyncIterable<Uint8Array>;
}

/** Text before a piece that the model is told of, for its melody; characters. */
const MEMORY = 300;

/**
 * Each piece of text as a request of its own; the next is asked for while one is being spoken.
 *
 * @param bytes asks for the audio of a text that follows on `before`.
 */
export async function* speakByRequests(
  pieces: Pieces,
  bytes: (text: string, before: string, signal: AbortSignal) => AsyncIterable<Uint8Array>,
  { sampleRate, signal }: { readonly sampleRate: number; readonly signal: AbortSignal },
): AsyncGenerator<SpeechPart, void, undefined> {
  const own = linkedAbort(signal);
  const framer = new PcmFramer({ sampleRate, channels: 1 });
  let before = "";
  const ask = async (index: number): Promise<Piece | undefined> => {
    const text = await pieces.at(index);
    if (text === undefined) return undefined;
    pieces.used(index + 1);
    const audio = eager(bytes(text, before, own.signal));
    before = `${before} ${text}`.slice(-MEMORY).trim();
    return { text, audio };
  };
  // Failed requests are retried one by one.
  pieces.commit();
  try {
    let following = ask(0);
    for (let index = 1; ; index++) {
      const piece = await following;
      if (!piece) return;
      following = ask(index);
      following.catch(() => {});
      yield { type: "segment", text: piece.text };
      for await (const chunk of piece.audio) {
        for (const frame of framer.push(chunk)) yield { type: "audio", frame };
      }
      const last = framer.flush();
      if (last) yield { type: "audio", frame: last };
    }
  } finally {
    // Ends the request for the next piece as well.
    own.abort();
    own.unlink();
  }
}
