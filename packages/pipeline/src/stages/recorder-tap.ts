import {
  type AudioFrame,
  type Recorder,
  type RecorderFactory,
  type RecorderNotice,
  type Recording,
  RoomKitError,
  type StageStatus,
} from "@roomkit/core";
import { FormatConverter } from "../frames/converter.ts";
import { openGuarded, type SlotOptions, StageSlot } from "./slot.ts";

/** A recorder in its place: both directions reach it in the one format it was opened with. */
export class RecorderTap {
  readonly recording: Recording;
  readonly #slot: StageSlot<Recorder>;
  /** Made with the first frame: what is said to the caller may be of any rate. */
  #outbound: FormatConverter | undefined;
  /** From the times of outbound frames to the clock's, ms; undefined where nobody says. */
  #toClock: number | undefined;

  /** @throws RoomKitError `invalid_stage_output` when nobody could be asked whether it may record. */
  private constructor(slot: StageSlot<Recorder>) {
    const recording = slot.run((recorder) => recorder.recording)?.value;
    if (typeof recording?.start !== "function") {
      slot.close();
      throw new RoomKitError("invalid_stage_output", "the recorder has no recording that could be started");
    }
    this.#slot = slot;
    this.recording = recording;
  }

  static open(factory: RecorderFactory | undefined, options: SlotOptions): RecorderTap | undefined {
    const slot = StageSlot.open("recorder", factory, options);
    return slot && openGuarded(slot.name, options.reports, () => new RecorderTap(slot));
  }

  get status(): StageStatus {
    return this.#slot.status;
  }

  inbound(frame: AudioFrame, reached: number | undefined): void {
    const adapted = this.#slot.adapted(frame);
    if (adapted.samples.length > 0) this.#slot.work(adapted, (recorder) => recorder.inbound(adapted, reached));
  }

  /** What was made, or, with or without `startedAt`, what is played: where that pauses, its place is kept to the sample. */
  outbound(frame: AudioFrame, startedAt?: number): void {
    this.#slot.run((recorder) => {
      this.#outbound ??= new FormatConverter(frame.sampleRate, this.#slot.format);
      if (!this.#outbound.continues(frame)) this.#give(recorder, this.#outbound.flush());
      this.#toClock = startedAt === undefined ? undefined : startedAt - frame.timestamp;
      this.#give(recorder, this.#outbound.convert(frame));
    });
  }

  /** The utterance is complete: what its change of rate holds back belongs to the recording. */
  endOutbound(): void {
    this.#slot.run((recorder) => this.#outbound && this.#give(recorder, this.#outbound.flush()));
  }

  clearOutbound(): void {
    this.#outbound?.reset();
  }

  notice(notice: RecorderNotice): void {
    this.#slot.run((recorder) => recorder.notice?.(notice));
  }

  close(): void {
    this.#slot.close();
  }

  #give(recorder: Recorder, frame: AudioFrame): void {
    if (frame.samples.length === 0) return;
    if (this.#toClock === undefined) recorder.outbound(frame);
    else recorder.outbound(frame, frame.timestamp + this.#toClock);
  }
}
