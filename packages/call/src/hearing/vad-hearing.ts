import { type AudioFrame, afterSilence, frameDurationMs, silence, type Unsubscribe } from "@roomkit/core";
import type { Hearing, HearingOptions } from "./hearing.ts";
import { SpeechMeter } from "./meter.ts";
import { SpeechSegments } from "./segments.ts";

/** Without audio for so long in the middle of speech, silence is assumed: the client has muted, or its network is gone. */
const GAP_MS = 400;

/** Listens where the VAD hears speech: one recogniser stream for each segment, beginning with the pre-roll. */
export class VadHearing implements Hearing {
  readonly #options: HearingOptions;
  readonly #meter = new SpeechMeter();
  readonly #segments: SpeechSegments;
  readonly #subscriptions: Unsubscribe[];
  #position = 0;
  /** The pipeline is being given silence in place of audio that does not come. */
  #filling = false;
  #stopGapTimer: () => void = () => {};
  speechEndedAt: number | undefined;
  speechMs = 0;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#segments = new SpeechSegments(options);
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
    this.#segments.finish(segment);
  }

  drop(segment: number): void {
    this.#segments.drop(segment);
  }

  pause(): void {
    this.#fillGap();
  }

  retire(): void {
    this.#stopGapTimer();
    for (const stop of this.#subscriptions) stop();
  }

  close(): void {
    this.retire();
    this.#segments.close();
  }

  #onFrame(frame: AudioFrame, speech: boolean): void {
    this.#position = frame.timestamp + frameDurationMs(frame);
    this.#options.onAudio(frame);
    if (!speech) return;
    const segment = this.#segments.current;
    if (!segment) return;
    segment.push(frame);
    if (!this.#filling) {
      segment.speechMs = this.#meter.speechMs;
      this.#options.dispatch({ type: "speech-progress", segment: segment.id, speechMs: segment.speechMs });
    }
    this.#watchForGap();
  }

  #onStart(timestamp: number, preRoll: readonly AudioFrame[]): void {
    const segment = this.#segments.begin();
    for (const frame of preRoll) segment.push(frame);
    const last = preRoll.at(-1);
    if (last) this.#position = Math.max(this.#position, last.timestamp + frameDurationMs(last));
    this.#meter.start(this.#position - timestamp);
    segment.speechMs = this.#meter.speechMs;
    this.#options.onSpeechStart(segment.id, timestamp);
    this.#options.dispatch({ type: "speech-start", segment: segment.id, elapsedMs: this.#meter.speechMs });
    this.#watchForGap();
  }

  #onEnd(timestamp: number, durationMs: number): void {
    this.#stopGapTimer();
    const segment = this.#segments.end();
    // The VAD needed some silence to be sure: the speech ended that long ago.
    this.speechEndedAt = this.#options.clock.now() - Math.max(0, this.#position - timestamp);
    this.speechMs = durationMs;
    this.#options.onSpeechEnd(segment?.id, timestamp, durationMs);
    if (segment) this.#options.dispatch({ type: "speech-end", segment: segment.id });
  }

  #watchForGap(): void {
    this.#stopGapTimer();
    this.#stopGapTimer = afterSilence(this.#options.clock, GAP_MS, () => this.#fillGap());
  }

  /** Fed through the whole pipeline, so that the VAD itself ends the speech. */
  #fillGap(): void {
    if (!this.#segments.current) return;
    this.#filling = true;
    this.#options.pipeline.processInbound(silence(this.#options.inbound, GAP_MS, this.#position));
    this.#filling = false;
    if (this.#segments.current) this.#watchForGap();
  }
}
