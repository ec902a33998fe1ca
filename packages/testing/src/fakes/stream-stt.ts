import {
  type AudioFrame,
  abortedError,
  type Clock,
  frameDurationMs,
  type SttProvider,
  type TranscriptPart,
} from "@roomkit/core";

/** One thing a stream of {@link StreamStt} does. */
export type StreamSttStep =
  /** Says something, in whatever order the test wants. */
  | TranscriptPart
  /** Lets so much time pass, without reading. */
  | { readonly waitMs: number }
  /** Reads so much audio, or all there is when it ends before. */
  | { readonly readMs: number }
  /** Fails. */
  | Error
  /** The stream ends here, whatever audio there is. A script without it reads to the end of its audio. */
  | "end"
  /** Reads nothing, says nothing and does not listen to its signal. */
  | "hang";

/** A recogniser that plays one script after the other, a stream each; without a script left it does what the last one does. */
export class StreamStt implements SttProvider {
  readonly name = "stream-stt";
  readonly capabilities: SttProvider["capabilities"];
  /** Streams running now. */
  open = 0;
  /** The capture times of the frames each stream read so far. */
  readonly heard: number[][] = [];
  readonly #clock: Clock;
  readonly #scripts: readonly (readonly StreamSttStep[])[];

  /** @param takesTurns `capabilities.turnDetection` */
  constructor(clock: Clock, takesTurns: boolean, scripts: readonly (readonly StreamSttStep[])[]) {
    this.#clock = clock;
    this.#scripts = scripts;
    this.capabilities = { streaming: true, turnDetection: takesTurns, wordTimings: false };
  }

  /** Streams opened so far. */
  get streams(): number {
    return this.heard.length;
  }

  async *transcribe(
    audio: AsyncIterable<AudioFrame>,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<TranscriptPart> {
    const heard: number[] = [];
    const script = this.#scripts[Math.min(this.heard.push(heard), this.#scripts.length) - 1] ?? [];
    const frames = audio[Symbol.asyncIterator]();
    this.open++;
    try {
      for (const step of [...script, { readMs: Number.POSITIVE_INFINITY }]) {
        if (signal.aborted) throw abortedError(signal);
        if (step === "end") return;
        if (step === "hang") await new Promise(() => {});
        else if (step instanceof Error) throw step;
        else if ("waitMs" in step) await this.#clock.sleep(step.waitMs, signal);
        else if ("readMs" in step) {
          for (let left = step.readMs; left > 0; ) {
            const next = await frames.next();
            if (next.done) break;
            heard.push(next.value.timestamp);
            left -= frameDurationMs(next.value);
          }
        } else yield step;
      }
    } finally {
      this.open--;
    }
  }
}
