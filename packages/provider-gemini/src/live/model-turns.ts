import type { AudioFormat, RealtimeEvent } from "@roomkit/core";
import type { RealtimePort } from "@roomkit/provider-utils";
import { WORDS_MS } from "./limits.ts";
import { ModelTurn } from "./turn.ts";
import type { Words } from "./words.ts";

/** Words kept at most while it is not known which turn they are of, in characters. */
const MAX_EARLY = 4_096;

/**
 * The model's turns, and which of them its words belong to. The vendor sends words in no particular order beside the audio: they
 * belong to the turn under way; between two turns, to the one before, for as long as words may still come of that.
 *
 * | words come                              | they belong to                                            |
 * | --------------------------------------- | --------------------------------------------------------- |
 * | during a turn                           | it                                                        |
 * | after generationComplete or interrupted | the turn before                                           |
 * | soon after turnComplete                 | the turn before, which they do not begin again            |
 * | later, or before there was any turn     | the next one: they wait for its audio, tool call, or end  |
 */
export class ModelTurns {
  readonly #port: RealtimePort;
  readonly #words: Words;
  readonly #format: AudioFormat;
  /** Called when no more words come of the turn that is over. */
  readonly #onQuiet: () => void;
  #count = 0;
  #turn: ModelTurn | undefined;
  #before: ModelTurn | undefined;
  #early = "";
  /** The vendor says that these were all words. */
  #finished = false;
  /** Set while the last words of a complete turn are waited for. */
  #stopTimer: (() => void) | undefined;

  constructor(port: RealtimePort, words: Words, format: AudioFormat, onQuiet: () => void) {
    this.#port = port;
    this.#words = words;
    this.#format = format;
    this.#onQuiet = onQuiet;
  }

  /** The turn under way. */
  get current(): ModelTurn | undefined {
    return this.#turn;
  }

  /** A turn is over, and the vendor has not said that it is complete. */
  get trailing(): boolean {
    return this.#before !== undefined && this.#stopTimer === undefined;
  }

  /** Nothing has come since the last turn, whose last words have been told. */
  get none(): boolean {
    return this.#turn === undefined && this.#before === undefined && this.#early === "";
  }

  /** A turn begins, unless one is under way; true if so. */
  begin(): boolean {
    if (this.#turn) return false;
    this.quiet();
    const emit = (event: RealtimeEvent): void => this.#port.emit(event);
    this.#turn = new ModelTurn(`turn_${++this.#count}`, this.#format, emit);
    const early = this.#early;
    this.#early = "";
    this.say(early);
    return true;
  }

  say(text: string): void {
    const turn = this.#turn ?? this.#before;
    if (!turn) {
      this.#early = (this.#early + text).slice(0, MAX_EARLY);
      return;
    }
    this.#words.say(turn, text);
    if (this.#stopTimer) this.#waitForWords();
  }

  /** All words of the turn are there. */
  finish(): void {
    this.#finished = true;
    if (this.#stopTimer) this.quiet();
  }

  end(status: "completed" | "cancelled"): void {
    // Words of what was cut off before it was audible.
    if (status === "cancelled") this.#early = "";
    if (!this.#turn) return;
    const turn = this.#turn;
    this.#turn = undefined;
    this.#before = turn;
    turn.end(status);
  }

  /** Audio of the turn before that nobody wants to hear: its words will come. */
  withhold(base64: string): void {
    this.#before?.withhold(base64);
  }

  /** The vendor is done with the turn. */
  complete(): void {
    // It had words, and nothing to hear.
    if (this.#early !== "" && !this.#before) this.begin();
    this.end("completed");
    if (!this.#before) return;
    if (this.#finished) this.quiet();
    else this.#waitForWords();
  }

  /** No more words come of the turn before. */
  quiet(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#finished = false;
    if (!this.#before) return;
    this.#before = undefined;
    this.#words.finish("assistant");
    this.#onQuiet();
  }

  /** The connection is gone. */
  lost(): void {
    this.end("cancelled");
    this.quiet();
  }

  #waitForWords(): void {
    this.#stopTimer?.();
    this.#stopTimer = this.#port.after(WORDS_MS, () => this.quiet());
  }
}
