import { type AudioFrame, type EchoGuard, type EchoPath, RoomKitError } from "@roomkit/core";
import { FormatConverter } from "../frames/converter.ts";
import { FrameSlot } from "./frame-slot.ts";

/** An echo canceller or guard in its place: what is played reaches it in the format in which it hears the microphone. */
export class EchoSlot extends FrameSlot<EchoGuard> {
  #reference: FormatConverter | undefined;
  #told: EchoPath | undefined;

  played(frame: AudioFrame): void {
    this.slot.run((canceller) => {
      this.#reference ??= new FormatConverter(frame.sampleRate, this.slot.format);
      const reference = this.#reference.convert(frame);
      if (reference.samples.length > 0) canceller.reference(reference);
    });
  }

  /** The echo that a guard has found; undefined when that was told. */
  suspected(): EchoPath | undefined {
    const path = this.slot.run((guard) => {
      const { echo } = guard;
      if (echo !== undefined && echo !== this.#told) assertPath(echo);
      return echo;
    })?.value;
    if (path === undefined || path === this.#told) return undefined;
    this.#told = path;
    return path;
  }
}

/** @throws RoomKitError `invalid_stage_output` */
function assertPath({ couplingDb, delayMs }: EchoPath): void {
  if (Number.isFinite(couplingDb) && Number.isFinite(delayMs)) return;
  throw new RoomKitError("invalid_stage_output", "the echo guard told of an echo without level or delay");
}
