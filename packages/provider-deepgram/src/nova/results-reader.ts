import type { TranscriptPart, WordTiming } from "@roomkit/core";
import { streamError } from "../connection/errors.ts";
import type { MessageReader } from "../live/listen-live.ts";
import { type Piece, pieceOf, type Said, together } from "./piece.ts";

/** What is read of a message; anything may be missing. */
interface Message {
  readonly type?: string | undefined;
  readonly is_final?: boolean | undefined;
  readonly speech_final?: boolean | undefined;
  readonly from_finalize?: boolean | undefined;
  readonly channel?: { readonly alternatives?: readonly Said[] | undefined } | undefined;
}

/**
 * Joins what Deepgram says of a stretch of speech: settled pieces are kept until the speech ends (`speech_final`, `UtteranceEnd`,
 * the end of the audio) and then come as one final; partials are the settled pieces and the guess at what follows.
 */
export class ResultsReader implements MessageReader {
  #settled: Piece[] = [];
  #guess: Piece | undefined;
  /** The partial that was given out and not followed by a final. */
  #shown = "";
  #finalized = false;
  #metadata = false;

  get done(): boolean {
    return this.#finalized || this.#metadata;
  }

  read(message: unknown): TranscriptPart[] {
    const { type, is_final, speech_final, from_finalize, channel } = message as Message;
    switch (type) {
      case "Results": {
        const piece = pieceOf(channel?.alternatives?.[0]);
        if (is_final) {
          this.#guess = undefined;
          if (piece) this.#settled.push(piece);
        } else {
          this.#guess = piece;
        }
        if (from_finalize) this.#finalized = true;
        return (is_final && speech_final) || from_finalize ? this.#final() : this.#partial();
      }
      case "UtteranceEnd":
        return this.#final();
      case "Metadata":
        this.#metadata = true;
        return this.#all();
      case "Error":
        throw streamError(message as object);
      default:
        return []; // SpeechStarted, and what is yet to come.
    }
  }

  /** Metadata always comes before the end. */
  end(): TranscriptPart[] | undefined {
    return this.done ? this.#all() : undefined;
  }

  #partial(): TranscriptPart[] {
    const piece = together(this.#guess ? [...this.#settled, this.#guess] : this.#settled);
    if (piece.text === this.#shown) return [];
    this.#shown = piece.text;
    return [{ type: "partial", text: piece.text, ...facts(piece) }];
  }

  #final(): TranscriptPart[] {
    if (this.#settled.length === 0) return this.#partial();
    const piece = together(this.#settled);
    this.#settled = [];
    this.#shown = "";
    const { language } = piece;
    return [{ type: "final", text: piece.text, ...facts(piece), language }, ...(this.#guess ? this.#partial() : [])];
  }

  /** What was only guessed counts too: nothing said is lost. */
  #all(): TranscriptPart[] {
    if (this.#guess) this.#settled.push(this.#guess);
    this.#guess = undefined;
    return this.#final();
  }
}

function facts({ confidence, words }: Piece): {
  confidence?: number | undefined;
  words?: readonly WordTiming[] | undefined;
} {
  return {
    confidence,
    ...(words.length === 0 ? {} : { words }),
  };
}
