import type { AudioFrame, Recorder, StageFactory } from "@roomkit/core";
import { FormatConverter } from "../frames/converter.ts";
import { type SlotOptions, StageSlot } from "./slot.ts";

/** A recorder in its place: both directions reach it in the one format it was opened with. */
export class RecorderTap {
  readonly #slot: StageSlot<Recorder>;
  /** Made with the first frame: what is said to the caller may be of any rate. */
  #outbound: FormatConverter | undefined;

  private constructor(slot: StageSlot<Recorder>) {
    this.#slot = slot;
  }

  static open(factory: StageFactory<Recorder> | undefined, options: SlotOptions): RecorderTap | undefined {
    const slot = StageSlot.open(factory, options);
    return slot && new RecorderTap(slot);
  }

  inbound(frame: AudioFrame): void {
    const adapted = this.#slot.adapted(frame);
    if (adapted.samples.length > 0) this.#slot.run((recorder) => recorder.inbound(adapted));
  }

  outbound(frame: AudioFrame): void {
    this.#slot.run((recorder) => {
      this.#outbound ??= new FormatConverter(frame.sampleRate, this.#slot.format);
      give(recorder, this.#outbound.convert(frame));
    });
  }

  /** The utterance is complete: what its change of rate holds back belongs to the recording. */
  endOutbound(): void {
    this.#slot.run((recorder) => this.#outbound && give(recorder, this.#outbound.flush()));
  }

  clearOutbound(): void {
    this.#outbound?.reset();
  }

  close(): void {
    this.#slot.close();
  }
}

function give(recorder: Recorder, frame: AudioFrame): void {
  if (frame.samples.length > 0) recorder.outbound(frame);
}
