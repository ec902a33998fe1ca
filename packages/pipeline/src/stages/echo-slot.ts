import type { AudioFrame, EchoCanceller } from "@roomkit/core";
import { FormatConverter } from "../frames/converter.ts";
import { FrameSlot } from "./frame-slot.ts";

/** An echo canceller in its place: what is played reaches it in the format in which it hears the microphone. */
export class EchoSlot extends FrameSlot<EchoCanceller> {
  #reference: FormatConverter | undefined;

  played(frame: AudioFrame): void {
    this.slot.run((canceller) => {
      this.#reference ??= new FormatConverter(frame.sampleRate, this.slot.format);
      const reference = this.#reference.convert(frame);
      if (reference.samples.length > 0) canceller.reference(reference);
    });
  }
}
