import { pieceOf, type SpokenPiece, type SpokenRun, takeRuns } from "@roomkit/core";
import type { SpeechFilter } from "./filter/speech-filter.ts";
import { withSpoken } from "./respeak.ts";
import { type SentenceOptions, SentenceSplitter } from "./sentences.ts";

export interface SpeechPieceOptions {
  /** What is said of the text. Absent: the text as it is written. */
  readonly filter?: SpeechFilter | undefined;
  readonly sentences?: SentenceOptions | undefined;
}

/**
 * The pieces of a streamed text as a voice is to say them, each with what was written for it; together that is the whole text. What
 * is written behind the last words comes as a piece with nothing to say. The pieces do not depend on how the text comes.
 */
export async function* speechPieces(
  text: AsyncIterable<string>,
  { filter, sentences }: SpeechPieceOptions = {},
): AsyncGenerator<SpokenPiece, void, undefined> {
  const splitter = new SentenceSplitter(sentences);
  const stream = filter?.stream?.();
  const each = filter && !stream ? filter : undefined;
  const runs: SpokenRun[] = [];
  let taken = 0;
  function* take(added: readonly SpokenRun[], final: boolean): Generator<SpokenPiece> {
    runs.push(...added);
    const said = added.map((run) => run.spoken).join("");
    const ends = splitter.pushEnds(said);
    for (const { end } of final ? [...ends, ...splitter.flushEnds()] : ends) {
      const piece = pieceOf(takeRuns(runs, end - taken));
      taken = end;
      yield each ? withSpoken(piece, each(piece.spoken)) : piece;
    }
    const rest = final ? pieceOf(runs) : undefined;
    if (rest && rest.written !== "") yield rest;
  }
  for await (const delta of text) yield* take(stream ? stream.push(delta) : plain(delta), false);
  yield* take(stream ? stream.flush() : [], true);
}

function plain(text: string): SpokenRun[] {
  return text === "" ? [] : [{ written: text, spoken: text }];
}
