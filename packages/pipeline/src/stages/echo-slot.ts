import type { AudioFrame, EchoCanceller, StageFactory } from "@roomkit/core";
import { FormatConverter } from "../frames/converter.ts";
import { FrameSlot } from "./frame-slot.ts";
import type { SlotOptions } from "./slot.ts";

/** An echo canceller in its place: what is played reaches it in the format in which it hears the microphone. */
export class EchoSlot {
  readonly frames: FrameSlot<EchoCanceller>;
  #reference: FormatConverter | undefined;

  private constructor(frames: FrameSlot<EchoCanceller>) {
    this.frames = frames;
  }

  static open(factory: StageFactory<EchoCanceller> | undefined, options: SlotOptions): EchoSlot | undefined {
    const frames = FrameSlot.open(factory, options);
    return frames && new EchoSlot(frames);
  }

  played(frame: AudioFrame): void {
    this.frames.slot.run((canceller) => {
      this.#reference ??= new FormatConverter(frame.sampleRate, this.frames.slot.format);
      const reference = this.#reference.convert(frame);
      if (reference.samples.length > 0) canceller.reference(reference);
    });
  }
}
