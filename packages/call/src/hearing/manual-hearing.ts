import { type AudioFrame, frameDurationMs, type Unsubscribe } from "@roomkit/core";
import type { Hearing, HearingOptions } from "./hearing.ts";
import { SpeechSegment } from "./segment.ts";

/** Listens where the application says so (push to talk): one recogniser stream from each {@link begin} to its {@link end}. */
export class ManualHearing implements Hearing {
  readonly #options: HearingOptions;
  readonly #segments = new Map<number, SpeechSegment>();
  readonly #stop: Unsubscribe;
  #count = 0;
  #current: SpeechSegment | undefined;
  #position = 0;
  #beganAt = 0;
  speechEndedAt: number | undefined;
  speechMs = 0;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#stop = options.pipeline.on("frame", ({ frame }) => this.#onFrame(frame));
  }

  /** The caller begins to speak: that is certain, however short it is. */
  begin(): void {
    this.end();
    const { stt, clock, hints, finalTimeoutMs, maxFrames, dispatch, onError, onSpeechStart } = this.#options;
    const id = ++this.#count;
    const segment = new SpeechSegment(id, {
      ...{ stt, clock, hints, finalTimeoutMs, maxFrames, onError },
      onPartial: (text) => dispatch({ type: "partial", segment: id, text }),
      onFinal: (text) => {
        this.#segments.delete(id);
        dispatch({ type: "transcript", segment: id, text });
      },
    });
    this.#segments.set(id, segment);
    this.#current = segment;
    this.#beganAt = this.#position;
    onSpeechStart(this.#position);
    dispatch({ type: "speech-start", segment: id, elapsedMs: Number.POSITIVE_INFINITY });
  }

  end(): void {
    const segment = this.#current;
    if (!segment) return;
    this.#current = undefined;
    const { clock, dispatch, onSpeechEnd } = this.#options;
    this.speechEndedAt = clock.now();
    this.speechMs = this.#position - this.#beganAt;
    onSpeechEnd(this.#position, this.speechMs);
    dispatch({ type: "speech-end", segment: segment.id });
  }

  finish(segment: number): void {
    this.#segments.get(segment)?.finish();
  }

  drop(segment: number): void {
    this.#segments.get(segment)?.drop();
    this.#segments.delete(segment);
    if (this.#current?.id === segment) this.#current = undefined;
  }

  /** The client has muted: nothing more will be heard of this turn. */
  pause(): void {
    this.end();
  }

  close(): void {
    this.#stop();
    for (const segment of this.#segments.values()) segment.drop();
    this.#segments.clear();
    this.#current = undefined;
  }

  #onFrame(frame: AudioFrame): void {
    this.#position = frame.timestamp + frameDurationMs(frame);
    this.#options.onAudio(frame);
    this.#current?.push(frame);
  }
}
