import type { HearingOptions } from "./hearing.ts";
import { SpeechSegment } from "./segment.ts";

/** The stretches of a caller's speech that are being recognised: the one being spoken, and those whose words are awaited. */
export class SpeechSegments {
  readonly #options: HearingOptions;
  readonly #segments = new Map<number, SpeechSegment>();
  #current: SpeechSegment | undefined;

  constructor(options: HearingOptions) {
    this.#options = options;
  }

  /** The one being spoken. */
  get current(): SpeechSegment | undefined {
    return this.#current;
  }

  begin(): SpeechSegment {
    const { stt, clock, hints, finalTimeoutMs, maxFrames, dispatch, onError, onGuess } = this.#options;
    const id = this.#options.nextSegment();
    const segment = new SpeechSegment(id, {
      ...{ stt, clock, hints, finalTimeoutMs, maxFrames, onError },
      onPartial: (words) => dispatch({ type: "partial", segment: id, ...words }),
      onGuess: (text) => {
        if (this.#current?.id === id) onGuess(text);
      },
      onFinal: (words) => {
        this.#segments.delete(id);
        dispatch({ type: "transcript", segment: id, ...words });
      },
    });
    this.#segments.set(id, segment);
    this.#current = segment;
    return segment;
  }

  /** The one being spoken is over. Gives it, or undefined when there is none, or it was dropped. */
  end(): SpeechSegment | undefined {
    const segment = this.#current;
    this.#current = undefined;
    return segment;
  }

  finish(id: number): void {
    this.#segments.get(id)?.finish();
  }

  drop(id: number): void {
    this.#segments.get(id)?.drop();
    this.#segments.delete(id);
    if (this.#current?.id === id) this.#current = undefined;
  }

  close(): void {
    for (const segment of this.#segments.values()) segment.drop();
    this.#segments.clear();
    this.#current = undefined;
  }
}
