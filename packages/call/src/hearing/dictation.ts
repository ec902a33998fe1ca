import {
  type AudioFormat,
  afterSilence,
  type Clock,
  type PipelineStream,
  type RoomKitError,
  type SttProvider,
} from "@roomkit/core";
import type { TurnInput } from "../turns/state.ts";
import { CallHearing } from "./call-hearing.ts";

export interface DictationOptions {
  readonly stt: SttProvider;
  /** What is heard. Whoever opened it closes it. */
  readonly pipeline: PipelineStream;
  /** What the pipeline is given. */
  readonly inbound: AudioFormat;
  readonly clock: Clock;
  readonly language?: string | undefined;
  /** How long the recogniser may take for its last word, ms. */
  readonly finalTimeoutMs: number;
  /** Longest speech handed to one recogniser stream, ms. */
  readonly maxSpeechMs: number;
  /** What was said, one stretch of speech after the other. */
  readonly onText: (text: string) => void;
  readonly onError: (error: RoomKitError) => void;
}

/** Writes down what somebody says to whom nobody answers. */
export class Dictation {
  readonly #hearing: CallHearing;
  readonly #options: DictationOptions;
  /** Speech whose words are not known yet. */
  readonly #open = new Set<number>();
  #whenKnown: (() => void) | undefined;
  #closed = false;

  constructor(options: DictationOptions) {
    this.#options = options;
    const { stt, pipeline, inbound, clock, language, finalTimeoutMs, maxSpeechMs, onError } = options;
    this.#hearing = new CallHearing(undefined, {
      ...{ stt, pipeline, inbound, clock, finalTimeoutMs, onError },
      hints: { language },
      // Frames of 10 ms or more.
      maxFrames: Math.max(1, Math.ceil(maxSpeechMs / 10)),
      dispatch: (input) => this.#take(input),
      onSpeechStart: (segment) => this.#open.add(segment),
      onSpeechEnd: () => {},
      onGuess: () => {},
      onAudio: () => {},
    });
  }

  /** No audio will come for now: what was said so far is all of it. */
  pause(): void {
    if (!this.#closed) this.#hearing.pause();
  }

  /** Nothing more will be said. Resolves when the last words are told, or will not be. Idempotent. */
  async finish(): Promise<void> {
    if (this.#closed) return;
    this.#hearing.pause();
    this.#hearing.retire();
    for (const segment of this.#open) this.#hearing.finish(segment);
    const { clock, finalTimeoutMs } = this.#options;
    if (this.#open.size > 0)
      await new Promise<void>((resolve) => {
        const stop = afterSilence(clock, finalTimeoutMs, resolve);
        this.#whenKnown = () => {
          stop();
          resolve();
        };
      });
    this.close();
  }

  /** What is not known yet is not told. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#hearing.close();
    this.#open.clear();
    this.#whenKnown?.();
  }

  #take(input: TurnInput): void {
    if (input.type === "speech-end") this.#hearing.finish(input.segment);
    if (input.type !== "transcript" || this.#closed) return;
    this.#open.delete(input.segment);
    if (input.text.trim() !== "") this.#options.onText(input.text.trim());
    if (this.#open.size === 0) this.#whenKnown?.();
  }
}
