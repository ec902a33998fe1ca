import { type AudioFrame, frameDurationMs, silence, type Unsubscribe } from "@roomkit/core";
import type { Hearing, HearingOptions } from "./hearing.ts";
import { SpeechMeter } from "./meter.ts";
import { SpeechSegment } from "./segment.ts";

/** Without audio for so long in the middle of speech, silence is assumed: the client has muted, or its network is gone. */
const GAP_MS = 400;

/** Listens where the VAD hears speech: one recogniser stream for each segment, beginning with the pre-roll. */
export class VadHearing implements Hearing {
  readonly #options: HearingOptions;
  readonly #meter = new SpeechMeter();
  readonly #segments = new Map<number, SpeechSegment>();
  readonly #subscriptions: Unsubscribe[];
  #count = 0;
  #current: SpeechSegment | undefined;
  #position = 0;
  /** The pipeline is being given silence in place of audio that does not come. */
  #filling = false;
  #stopGapTimer: () => void = () => {};
  speechEndedAt: number | undefined;
  speechMs = 0;

  constructor(options: HearingOptions) {
    this.#options = options;
    const { pipeline } = options;
    this.#subscriptions = [
      pipeline.on("frame", (event) => {
        this.#meter.frame(event);
        this.#onFrame(event.frame, event.speech);
      }),
      pipeline.on("speech-start", ({ timestamp, preRoll }) => this.#onStart(timestamp, preRoll)),
      pipeline.on("speech-end", ({ timestamp, durationMs }) => this.#onEnd(timestamp, durationMs)),
    ];
  }

  finish(segment: number): void {
    this.#segments.get(segment)?.finish();
  }

  drop(segment: number): void {
    this.#segments.get(segment)?.drop();
    this.#segments.delete(segment);
    if (this.#current?.id === segment) this.#current = undefined;
  }

  pause(): void {
    if (this.#current) this.#fillGap();
  }

  close(): void {
    this.#stopGapTimer();
    for (const stop of this.#subscriptions) stop();
    for (const segment of this.#segments.values()) segment.drop();
    this.#segments.clear();
    this.#current = undefined;
  }

  #onFrame(frame: AudioFrame, speech: boolean): void {
    this.#position = frame.timestamp + frameDurationMs(frame);
    this.#options.onAudio(frame);
    if (!speech) return;
    const segment = this.#current;
    if (!segment) return;
    segment.push(frame);
    if (!this.#filling)
      this.#options.dispatch({ type: "speech-progress", segment: segment.id, speechMs: this.#meter.speechMs });
    this.#watchForGap();
  }

  #onStart(timestamp: number, preRoll: readonly AudioFrame[]): void {
    const { stt, clock, hints, finalTimeoutMs, maxFrames, dispatch, onError } = this.#options;
    const id = ++this.#count;
    const segment = new SpeechSegment(id, {
      stt,
      clock,
      hints,
      finalTimeoutMs,
      maxFrames,
      onPartial: (text) => dispatch({ type: "partial", segment: id, text }),
      onFinal: (text) => {
        this.#segments.delete(id);
        dispatch({ type: "transcript", segment: id, text });
      },
      onError,
    });
    this.#segments.set(id, segment);
    this.#current = segment;
    for (const frame of preRoll) segment.push(frame);
    const last = preRoll.at(-1);
    if (last) this.#position = Math.max(this.#position, last.timestamp + frameDurationMs(last));
    this.#meter.start(this.#position - timestamp);
    this.#options.onSpeechStart(timestamp);
    dispatch({ type: "speech-start", segment: id, elapsedMs: this.#meter.speechMs });
    this.#watchForGap();
  }

  #onEnd(timestamp: number, durationMs: number): void {
    this.#stopGapTimer();
    const segment = this.#current;
    this.#current = undefined;
    // The VAD needed some silence to be sure: the speech ended that long ago.
    this.speechEndedAt = this.#options.clock.now() - Math.max(0, this.#position - timestamp);
    this.speechMs = durationMs;
    this.#options.onSpeechEnd(timestamp, durationMs);
    if (segment) this.#options.dispatch({ type: "speech-end", segment: segment.id });
  }

  #watchForGap(): void {
    this.#stopGapTimer();
    this.#stopGapTimer = this.#options.clock.setTimeout(() => this.#fillGap(), GAP_MS);
  }

  /** Fed through the whole pipeline, so that the VAD itself ends the speech. */
  #fillGap(): void {
    if (!this.#current) return;
    this.#filling = true;
    this.#options.pipeline.processInbound(silence(this.#options.inbound, GAP_MS, this.#position));
    this.#filling = false;
    if (this.#current) this.#watchForGap();
  }
}
