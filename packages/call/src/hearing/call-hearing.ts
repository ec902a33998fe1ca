import type { PipelineStream } from "@roomkit/core";
import type { Hearing, HearingOptions } from "./hearing.ts";
import { openHearing } from "./open-hearing.ts";

/**
 * How a call hears its caller, as {@link openHearing} chooses. Where that follows from whether the pipeline has a VAD, and it loses or gets
 * one in the middle, another takes over; the words of what was said before still come.
 *
 * | the caller                     | the VAD goes (fails, is switched off)                | a VAD comes                                  |
 * | ------------------------------ | ---------------------------------------------------- | -------------------------------------------- |
 * | is silent                      | the recogniser finds the next turn                   | the VAD does                                 |
 * | speaks                         | the segment ends there, its words come; a second one | the turn ends there, its words come; a       |
 * |                                | begins with the recogniser's next                    | segment begins where the VAD is sure         |
 * | has spoken, words are awaited  | they come                                            | they come                                    |
 */
export class CallHearing implements Hearing {
  readonly #by: "vad" | "stt" | "manual" | undefined;
  readonly #options: Omit<HearingOptions, "nextSegment">;
  readonly #pipeline: PipelineStream;
  readonly #stop: () => void;
  #segments = 0;
  #current: Hearing;
  /** Whose last words may be awaited. */
  #before: Hearing | undefined;
  #hadVad: boolean;

  /** @throws RoomKitError `invalid_option` for `vad` without one. */
  constructor(by: "vad" | "stt" | "manual" | undefined, options: Omit<HearingOptions, "nextSegment">) {
    this.#by = by;
    this.#options = options;
    this.#pipeline = options.pipeline;
    this.#hadVad = options.pipeline.hasVad;
    this.#current = this.#open(by);
    this.#stop = options.pipeline.on("stage-change", () => this.#follow());
  }

  get speechEndedAt(): number | undefined {
    return this.#current.speechEndedAt ?? this.#before?.speechEndedAt;
  }

  get speechMs(): number {
    return (this.#current.speechEndedAt === undefined ? this.#before : this.#current)?.speechMs ?? 0;
  }

  finish(segment: number): void {
    this.#before?.finish(segment);
    this.#current.finish(segment);
  }

  drop(segment: number): void {
    this.#before?.drop(segment);
    this.#current.drop(segment);
  }

  pause(): void {
    this.#current.pause();
  }

  begin(): void {
    this.#current.begin?.();
  }

  end(): void {
    this.#current.end?.();
  }

  retire(): void {
    this.#stop();
    this.#current.retire();
  }

  close(): void {
    this.#stop();
    this.#before?.close();
    this.#current.close();
  }

  #open(by: "vad" | "stt" | "manual" | undefined): Hearing {
    return openHearing(by, { ...this.#options, nextSegment: () => ++this.#segments });
  }

  #follow(): void {
    const { hasVad } = this.#pipeline;
    if (hasVad === this.#hadVad) return;
    this.#hadVad = hasVad;
    if (this.#by === "manual" || this.#by === "stt") return;
    this.#before?.close();
    this.#before = this.#current;
    this.#before.retire();
    this.#current = this.#open(undefined);
  }
}
