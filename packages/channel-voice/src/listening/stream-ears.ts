import { type AudioFrame, BoundedQueue, frameDurationMs, RoomKitError, type Unsubscribe } from "@roomkit/core";
import type { Ears, EarsOptions } from "./ears.ts";

/** Recogniser without turn detection: a final and then silence for so long end the segment. */
const QUIET_MS = 700;
/** Waits between attempts to reach a failing recogniser, in ms; the last one repeats. */
const BACK_OFF_MS = [100, 500, 2_000, 8_000, 30_000];

/**
 * Listens through one long recogniser stream that takes the turns itself (or, where it only transcribes, by its finals and the
 * quiet after them). For pipelines without a VAD and for recognisers that are better at turns than a VAD.
 */
export class StreamEars implements Ears {
  readonly #options: EarsOptions;
  readonly #stop: Unsubscribe;
  readonly #abort = new AbortController();
  #queue: BoundedQueue<AudioFrame> | undefined;
  #count = 0;
  #open: number | undefined;
  #startedAt = 0;
  #finals: string[] = [];
  #partial = "";
  #position = 0;
  #stopQuietTimer: () => void = () => {};
  speechEndedAt: number | undefined;
  speechMs = 0;

  constructor(options: EarsOptions) {
    this.#options = options;
    this.#stop = options.pipeline.on("frame", ({ frame }) => {
      this.#position = frame.timestamp + frameDurationMs(frame);
      options.onAudio(frame);
      this.#queue?.push(frame);
    });
    void this.#run();
  }

  finish(segment: number): void {
    if (segment !== this.#open) return;
    const text = this.#text();
    this.#open = undefined;
    this.#finals = [];
    this.#partial = "";
    this.#options.dispatch({ type: "transcript", segment, text });
  }

  drop(segment: number): void {
    if (segment === this.#open) this.#open = undefined;
    this.#finals = [];
    this.#partial = "";
  }

  close(): void {
    this.#stop();
    this.#stopQuietTimer();
    this.#abort.abort(new RoomKitError("aborted", "the session is over"));
    this.#queue?.end();
    this.#queue?.clear();
  }

  async #run(): Promise<void> {
    const { clock, onError } = this.#options;
    const signal = this.#abort.signal;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#recognise(() => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        onError(RoomKitError.from(error, "stt_failed"));
        failures++;
      }
      this.#endSpeech();
      const wait = BACK_OFF_MS[Math.min(failures, BACK_OFF_MS.length - 1)] as number;
      await clock.sleep(wait, signal).catch(() => {});
    }
  }

  async #recognise(onWorking: () => void): Promise<void> {
    const { stt, language, maxFrames } = this.#options;
    this.#queue = new BoundedQueue<AudioFrame>({ capacity: maxFrames });
    const parts = stt.transcribe(this.#queue, {
      signal: this.#abort.signal,
      ...(language === undefined ? {} : { language }),
    });
    for await (const part of parts) {
      onWorking();
      if (part.type === "turn-start") this.#beginSpeech();
      else if (part.type === "turn-end") {
        if (!part.eager) this.#endSpeech();
      } else if (part.type !== "turn-resumed") this.#onText(part.type === "final", part.text.trim());
    }
  }

  #onText(final: boolean, text: string): void {
    if (text !== "") this.#beginSpeech();
    if (final) {
      if (text !== "") this.#finals.push(text);
      this.#partial = "";
    } else this.#partial = text;
    if (this.#open === undefined) return;
    this.#options.dispatch({ type: "partial", segment: this.#open, text: this.#text() });
    if (this.#options.stt.capabilities.turnDetection) return;
    this.#stopQuietTimer();
    if (final) this.#stopQuietTimer = this.#options.clock.setTimeout(() => this.#endSpeech(), QUIET_MS);
  }

  #beginSpeech(): void {
    if (this.#open !== undefined) return;
    this.#open = ++this.#count;
    this.#startedAt = this.#position;
    this.#options.onSpeechStart(this.#position);
    this.#options.dispatch({ type: "speech-start", segment: this.#open, elapsedMs: 0 });
  }

  #endSpeech(): void {
    this.#stopQuietTimer();
    if (this.#open === undefined) return;
    this.speechEndedAt = this.#options.clock.now();
    this.speechMs = this.#position - this.#startedAt;
    this.#options.onSpeechEnd(this.#position, this.speechMs);
    this.#options.dispatch({ type: "speech-end", segment: this.#open });
  }

  #text(): string {
    return [...this.#finals, this.#partial].filter((piece) => piece !== "").join(" ");
  }
}
