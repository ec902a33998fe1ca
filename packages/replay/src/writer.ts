import type { Clock, UtteranceId } from "@roomkit/core";
import type { CallEntry, CallHeader } from "./entries.ts";
import { asItWas, assistantsPlaceholder, callersPlaceholder, type Mask } from "./masked.ts";

type Untimed<E> = E extends unknown ? Omit<E, "t"> : never;

/** One call as it is being written. */
export class CallWriter {
  /** How the caller's words are kept, and the assistant's. */
  readonly mask: Mask;
  readonly maskSaid: Mask;
  readonly #clock: Clock;
  readonly #begun: number;
  readonly #maxChars: number;
  readonly #utterances = new Map<UtteranceId, number>();
  #lines: string[] = [];
  #chars = 0;
  #full = false;
  #streams = { stt: 0, ai: 0, tts: 0, turn: 0 };

  constructor(clock: Clock, transcripts: boolean, maxChars: number) {
    this.#clock = clock;
    this.mask = transcripts ? asItWas : callersPlaceholder;
    this.maskSaid = transcripts ? asItWas : assistantsPlaceholder;
    this.#maxChars = maxChars;
    this.#begun = clock.now();
  }

  /** ms of the call. */
  get now(): number {
    return Math.round((this.#clock.now() - this.#begun) * 1000) / 1000;
  }

  /** Whether the file has no room for more. */
  get full(): boolean {
    return this.#full;
  }

  add(entry: Untimed<CallEntry>): void {
    if (this.#full) return;
    const line = JSON.stringify({ t: this.now, ...entry });
    this.#chars += line.length + 1;
    this.#full = this.#chars > this.#maxChars;
    this.#lines.push(this.#full ? JSON.stringify({ t: this.now, k: "full" }) : line);
  }

  /** The how many-eth stream of its kind begins. */
  stream(kind: "stt" | "ai" | "tts" | "turn"): number {
    return this.#streams[kind]++;
  }

  /** The how many-eth utterance that is, by when its audio began. */
  utterance(id: UtteranceId): { readonly u: number; readonly first: boolean } {
    const known = this.#utterances.get(id);
    if (known !== undefined) return { u: known, first: false };
    const u = this.#utterances.size;
    this.#utterances.set(id, u);
    return { u, first: true };
  }

  /** An utterance that has begun; undefined for any other. */
  known(id: UtteranceId): number | undefined {
    return this.#utterances.get(id);
  }

  file(header: CallHeader): string {
    return [JSON.stringify(header), ...this.#lines, ""].join("\n");
  }
}
