import type { TranscriptPart } from "@roomkit/core";
import { TranscriptText, wordsAfter } from "./transcript-text.ts";

/** What {@link StreamTurns} wants done. */
export interface StreamTurnEvents {
  /** A turn began. */
  readonly onBegin: () => void;
  /** All that the open turn says so far; never empty. */
  readonly onWords: (text: string) => void;
  /** The turn is over; its words may still be settled. */
  readonly onEnd: () => void;
  /** It is probably over, with these words; undefined: that is taken back. */
  readonly onGuess: (text: string | undefined) => void;
  /** All the turn said, once it is settled or will not be. */
  readonly onText: (text: string) => void;
}

/**
 * Turns out of what a recogniser says, in whatever order it says it. One turn at a time is `open` (the caller speaks), then
 * `closing` (it is over, and a word of it may be late), then told. What comes, by state:
 *
 *     part                  none                         open                           closing
 *     turn-start            begins                       a turn-end is missing: goes on told as it is; begins
 *     partial               not a turn (*)               its words                      its words
 *     final                 late or twice: nothing;      its words                      its words: told
 *                           otherwise a turn of its own
 *     turn-end              nothing                      over                           nothing
 *     turn-end eager        nothing                      goes on; its words are a guess nothing
 *       turn-resumed        nothing                      goes on; no guess any more     nothing
 *     end() (quiet, mute,   nothing                      over                           nothing
 *       stall, gap)
 *     settle() (time is up) nothing                      nothing                        told as it is
 *     stream over           nothing                      goes on in the next stream     goes on waiting
 *
 * (*) A recogniser that takes no turns has no other way to begin one: its words do.
 */
export class StreamTurns {
  readonly #events: StreamTurnEvents;
  readonly #takesTurns: boolean;
  #state: "none" | "open" | "closing" = "none";
  #text = new TranscriptText();
  /** The turn told last, until the next one begins: for words of it that are late. */
  #told = { text: "", settled: true };

  /** @param takesTurns the recogniser says where turns begin and end (`capabilities.turnDetection`). */
  constructor(takesTurns: boolean, events: StreamTurnEvents) {
    this.#takesTurns = takesTurns;
    this.#events = events;
  }

  get state(): "none" | "open" | "closing" {
    return this.#state;
  }

  take(part: TranscriptPart): void {
    if (part.type === "turn-start") this.#begin();
    else if (part.type === "turn-end") {
      if (!part.eager) this.end();
      else if (this.#state === "open" && this.#text.text !== "") this.#events.onGuess(this.#text.text);
    } else if (part.type === "turn-resumed") this.#events.onGuess(undefined);
    else this.#onWords(part.type, part.text.trim());
  }

  /** The turn is over: the recogniser, the client or the clock says so. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#events.onEnd();
    // Settled already, or dropped by what `onEnd` led to.
    if (this.#state === "closing" && this.#text.settled) this.settle();
  }

  /** No word of the turn that is over will come any more. */
  settle(): void {
    if (this.#state !== "closing") return;
    const { settled } = this.#text;
    this.#text.settle();
    const { text } = this.#text;
    this.#told = { text, settled };
    this.#reset();
    this.#events.onText(text);
  }

  /** What comes from now on is no late word of the turn told last. */
  forget(): void {
    this.#told = { text: "", settled: true };
  }

  /** The turn does not count. */
  drop(): void {
    this.#reset();
  }

  /** The stream is over, a turn perhaps is not: what was guessed counts, and the next stream goes on with it. */
  streamOver(): void {
    this.#text.settle();
  }

  #reset(): void {
    this.#state = "none";
    this.#text = new TranscriptText();
  }

  #begin(): void {
    if (this.#state === "open") {
      // The guess of the turn whose end is missing must not be replaced by that of the next.
      this.#text.settle();
      return;
    }
    this.settle();
    this.forget();
    this.#state = "open";
    this.#events.onBegin();
  }

  #onWords(type: "partial" | "final", given: string): void {
    let text = given;
    const outside = this.#state === "none";
    if (outside) {
      if (type === "final") text = this.#news(text);
      else if (this.#takesTurns || this.#isLate(text)) text = "";
      if (text === "") return;
      this.#begin();
    }
    this.#text.add({ type, text });
    if (this.#state === "closing") {
      if (type === "final" && this.#text.settled) this.settle();
      return;
    }
    if (this.#text.text !== "") this.#events.onWords(this.#text.text);
    // Nobody will say that it ended: its beginning was not said either, and it is all there is.
    if (outside && this.#takesTurns) this.end();
  }

  /** A guess of a recogniser without turns that is about what was told by its guess already. */
  #isLate(text: string): boolean {
    const { text: told, settled } = this.#told;
    return !settled && (wordsAfter(text, told) !== undefined || wordsAfter(told, text) !== undefined);
  }

  /** What a final that comes without a turn adds to the turn before. */
  #news(text: string): string {
    const { text: told, settled } = this.#told;
    if (told === "" || (settled && !this.#takesTurns)) return text;
    const more = wordsAfter(text, told);
    this.forget();
    // The final of a turn that was told by its guess: the guess stands, unless there is more.
    return more ?? (settled ? text : "");
  }
}
