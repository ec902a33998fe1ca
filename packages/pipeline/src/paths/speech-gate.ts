import {
  type AudioFrame,
  type Emitter,
  frameDurationMs,
  type PipelineEvents,
  RoomKitError,
  type Vad,
  type VadEvent,
  type VadFactory,
} from "@roomkit/core";
import { PreRoll } from "../frames/pre-roll.ts";
import type { Withheld } from "../frames/withheld.ts";
import type { StageSlot } from "../stages/slot.ts";

/** How long after the fact a detector that does not say so itself tells of speech, ms. */
const USUAL_LAG_MS = 2_000;

/** Speech whose detector has failed for so long is over: nobody else would end it. */
const GIVE_UP_MS = 1_000;

/** A detector that does not count its speech itself is taken to hear some in a frame that it finds so likely to be it. */
const LIKELY = 0.5;

/** What is told of a frame, while it is put together. */
type Told = { -readonly [K in keyof PipelineEvents["frame"]]: PipelineEvents["frame"][K] };

/** Makes a stream of frames and a detector's decisions into utterances: pre-roll, frames, and an end for every start. */
export class SpeechGate {
  readonly #events: Emitter<PipelineEvents>;
  readonly #withheld: Withheld;
  #slot: StageSlot<Vad> | undefined;
  #padMs = 0;
  #preRoll = new PreRoll(0);
  /** Where the speech under way began. */
  #start: number | undefined;
  /** Where the speech before it ended, and until where audio was told as speech for want of knowing that. */
  #last = { end: Number.NEGATIVE_INFINITY, told: Number.NEGATIVE_INFINITY };
  /** End of the newest frame. */
  #now = 0;
  /** For how long the detector has failed without a break, ms. */
  #failingMs = 0;
  /** Speech heard in the speech under way, or in what may become it, by a detector that does not count itself, ms. */
  #countedMs = 0;
  /** Such a detector has found speech likely at least once: one that always says 0 can only be taken at its word for the events. */
  #rates = false;
  #closed = false;

  constructor(events: Emitter<PipelineEvents>, withheld: Withheld) {
    this.#events = events;
    this.#withheld = withheld;
  }

  /** Another detector finds speech from now on, or none: what the one before found ends here. */
  listen(
    slot: StageSlot<Vad> | undefined,
    { speechPadMs, lagMs = USUAL_LAG_MS }: Pick<VadFactory, "speechPadMs" | "lagMs">,
  ): void {
    if (this.#start !== undefined) this.#end(this.#now, this.#now - this.#start);
    this.#slot = slot;
    this.#padMs = speechPadMs;
    this.#preRoll = new PreRoll(speechPadMs + lagMs);
    this.#failingMs = 0;
    this.#countedMs = 0;
    this.#rates = false;
  }

  /** Takes the next processed frame and tells of it, then of what the detector makes of it. */
  push(frame: AudioFrame): void {
    const speech = this.#start !== undefined;
    this.#now = frame.timestamp + frameDurationMs(frame);
    const slot = this.#slot;
    if (slot && !slot.failed) this.#preRoll.push(frame);
    // Judged before it is told, so that it is told with what it adds to the speech.
    const event = slot && this.#judge(slot, frame);
    if (this.#closed) return;
    const told: Told = { frame, speech, speechMs: undefined, probability: undefined };
    slot?.run(this.#rate, told);
    this.#events.emit("frame", told);
    // A listener may have closed the stream.
    if (this.#closed) return;
    if (event?.type === "speech-start") this.#begin(event.timestamp);
    else if (event) this.#end(event.timestamp, event.durationMs);
  }

  /** No more frames will come: ends speech that is under way. */
  close(): void {
    this.#closed = true;
    if (this.#start !== undefined) this.#end(this.#now, this.#now - this.#start);
    this.#preRoll.clear();
  }

  #judge(slot: StageSlot<Vad>, frame: AudioFrame): VadEvent | undefined {
    const adapted = slot.adapted(frame);
    if (adapted.samples.length === 0) return undefined;
    const result = slot.work(adapted, this.#decide);
    if (result) {
      this.#failingMs = 0;
      return result.value;
    }
    this.#failingMs += frameDurationMs(frame);
    if (this.#start === undefined || (this.#failingMs < GIVE_UP_MS && !slot.failed)) return undefined;
    this.#failingMs = 0;
    slot.reset();
    return { type: "speech-end", timestamp: this.#now, durationMs: this.#now - this.#start };
  }

  readonly #decide = (vad: Vad, frame: AudioFrame): VadEvent | undefined => {
    const event = vad.process(frame);
    if (event) this.#assertInTurn(event);
    return event;
  };

  /** Adds what the detector says of a frame to what is told of it. */
  readonly #rate = (vad: Vad, told: Told): void => {
    const speechMs = this.#count(vad, told.frame, told.speech);
    told.probability = vad.probability;
    told.speechMs = speechMs;
  };

  /** How much of the speech was speech so far; undefined when the detector gives no way to know. */
  #count(vad: Vad, frame: AudioFrame, speech: boolean): number | undefined {
    if (vad.speechMs !== undefined) return vad.speechMs;
    const likely = vad.probability >= LIKELY;
    this.#rates ||= likely;
    if (likely) this.#countedMs += frameDurationMs(frame);
    else if (!speech) this.#countedMs = 0;
    return this.#rates ? this.#countedMs : undefined;
  }

  /** A start and an end take turns, at times that exist: a detector that does otherwise is not followed. */
  #assertInTurn(event: VadEvent): void {
    const due = this.#start === undefined ? "speech-start" : "speech-end";
    const timed =
      Number.isFinite(event.timestamp) && (event.type === "speech-start" || Number.isFinite(event.durationMs));
    if (event.type === due && timed) return;
    throw new RoomKitError("invalid_stage_output", `the detector gave ${event.type} where ${due} was due`);
  }

  #begin(timestamp: number): void {
    this.#start = timestamp;
    const since = Math.max(this.#withheld.since(timestamp - this.#padMs), this.#unheard(timestamp));
    const preRoll = this.#withheld.restored(this.#preRoll.since(since));
    this.#events.emit("speech-start", { timestamp, preRoll });
  }

  /**
   * From where on audio is that of speech which began at a time. A detector is late: when it tells of an end the next words may have
   * begun, and their first sound was told with the words before. So a pause belongs to both, by halves, whoever was given it.
   */
  #unheard(start: number): number {
    const { end, told } = this.#last;
    // A clock that runs back is another one.
    return start < end ? Number.NEGATIVE_INFINITY : Math.min(told, (end + start) / 2);
  }

  #end(timestamp: number, durationMs: number): void {
    this.#start = undefined;
    this.#last = { end: timestamp, told: this.#now };
    this.#countedMs = 0;
    this.#events.emit("speech-end", { timestamp, durationMs });
  }
}
