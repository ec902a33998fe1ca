import type { RealtimePort } from "@roomkit/provider-utils";
import type { Words } from "./words.ts";

/** The caller's side of the conversation: when they speak, and which of their words are of before. */
export class CallerSpeech {
  readonly #port: RealtimePort;
  readonly #words: Words;
  #speaking = false;
  /** The words that come are of before: they began to come while the model was answering. */
  #late = false;
  /** The turn answers speech of which no words had come when it began. */
  #owed = false;

  constructor(port: RealtimePort, words: Words) {
    this.#port = port;
    this.#words = words;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  begin(): void {
    if (this.#speaking) return;
    this.#speaking = true;
    this.#port.emit({ type: "speech-start" });
  }

  end(): void {
    if (!this.#speaking) return;
    this.#speaking = false;
    this.#port.emit({ type: "speech-end" });
  }

  /**
   * Words of the caller. They tell that the caller speaks, unless they are late: to announce speech now would cut the answer off.
   *
   * @param state where the model is: in an answer, or so short after it that words are its (or its question's) last ones.
   */
  hear(text: string, { answering, after, announce }: { answering: boolean; after: boolean; announce: boolean }): void {
    if (!this.#words.has("user")) {
      this.#late = !this.#speaking && (answering || (after && this.#owed));
      if (!this.#late && announce) this.begin();
    }
    this.#words.hear(text);
  }

  /** An answer begins: what was said before it is complete, as far as it was told. */
  answered(spoken: boolean): void {
    this.#late = false;
    this.#owed = spoken && !this.#words.has("user");
    this.over();
  }

  /** The caller's turn is over. */
  over(): void {
    this.end();
    this.#words.finish("user");
  }

  /** The caller breaks in: words that came just before may be the first of that, unless others were still to come. */
  brokeIn(): void {
    if (this.#owed) this.finishLate(true);
    this.#late = false;
  }

  /** Late words are complete; `none`: and no more of them come. */
  finishLate(none: boolean): void {
    if (this.#late) this.#words.finish("user");
    if (!none) return;
    this.#late = false;
    this.#owed = false;
  }
}
