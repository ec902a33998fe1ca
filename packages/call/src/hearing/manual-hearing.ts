import { type AudioFrame, frameDurationMs, type Unsubscribe } from "@roomkit/core";
import type { Hearing, HearingOptions } from "./hearing.ts";
import { SpeechSegments } from "./segments.ts";

/** Listens where the application says so (push to talk): one recogniser stream from each {@link begin} to its {@link end}. */
export class ManualHearing implements Hearing {
  readonly #options: HearingOptions;
  readonly #segments: SpeechSegments;
  readonly #stop: Unsubscribe;
  #position = 0;
  #beganAt = 0;
  speechEndedAt: number | undefined;
  speechMs = 0;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#segments = new SpeechSegments(options);
    this.#stop = options.pipeline.on("frame", ({ frame }) => this.#onFrame(frame));
  }

  /** The caller begins to speak: that is certain, however short it is. */
  begin(): void {
    this.end();
    const { dispatch, onSpeechStart } = this.#options;
    const { id } = this.#segments.begin();
    this.#beganAt = this.#position;
    onSpeechStart(id, this.#position);
    dispatch({ type: "speech-start", segment: id, elapsedMs: Number.POSITIVE_INFINITY });
  }

  end(): void {
    const segment = this.#segments.end();
    if (!segment) return;
    const { clock, dispatch, onSpeechEnd } = this.#options;
    this.speechEndedAt = clock.now();
    this.speechMs = this.#position - this.#beganAt;
    onSpeechEnd(segment.id, this.#position, this.speechMs);
    dispatch({ type: "speech-end", segment: segment.id });
  }

  finish(segment: number): void {
    this.#segments.finish(segment);
  }

  drop(segment: number): void {
    this.#segments.drop(segment);
  }

  /** The client has muted: nothing more will be heard of this turn. */
  pause(): void {
    this.end();
  }

  retire(): void {
    this.#stop();
    this.end();
  }

  close(): void {
    this.#stop();
    this.#segments.close();
  }

  #onFrame(frame: AudioFrame): void {
    this.#position = frame.timestamp + frameDurationMs(frame);
    this.#options.onAudio(frame);
    this.#segments.current?.push(frame);
  }
}
