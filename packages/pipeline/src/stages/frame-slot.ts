import {
  type AudioFormat,
  type AudioFrame,
  type FrameStage,
  RoomKitError,
  type StageFactory,
  type StageStatus,
} from "@roomkit/core";
import { FormatConverter } from "../frames/converter.ts";
import { joined } from "../frames/samples.ts";
import { openGuarded, type SlotOptions, StageSlot } from "./slot.ts";

/** A stage that changes audio, in its place: what goes in and comes out is of the path's format. */
export class FrameSlot<S extends FrameStage = FrameStage> {
  readonly slot: StageSlot<S>;
  readonly #format: AudioFormat;
  readonly #fromStage: FormatConverter | undefined;

  /** @throws whatever keeps the stage from working here; {@link openGuarded} makes a report of that. */
  constructor(role: StageStatus["role"], factory: StageFactory<S>, options: SlotOptions) {
    const { format } = options;
    const { sampleRate = format.sampleRate } = factory;
    this.#format = format;
    // Before the stage, so that nothing is open should there be no way from its rate.
    this.#fromStage = sampleRate === format.sampleRate ? undefined : new FormatConverter(sampleRate, format);
    this.slot = new StageSlot(role, factory, options);
  }

  /** Opens a stage; undefined, and a report, when it cannot work here. */
  static open<S extends FrameStage>(
    role: StageStatus["role"],
    factory: StageFactory<S> | undefined,
    options: SlotOptions,
  ): FrameSlot<S> | undefined {
    return factory && openGuarded(factory.name, options.reports, () => new FrameSlot(role, factory, options));
  }

  /** The frame as the stage leaves it, or as it was when the stage fails; possibly empty. */
  process(frame: AudioFrame): AudioFrame {
    const out = this.#through(this.slot.adapted(frame));
    return this.#fromStage ? this.#fromStage.convert(out) : out;
  }

  /** The rest that changes of rate hold back. */
  flush(): AudioFrame {
    const rest = this.slot.flushed();
    if (rest === undefined || this.#fromStage === undefined) {
      return { samples: new Int16Array(0), ...this.#format, timestamp: 0 };
    }
    const first = this.#fromStage.convert(this.#through(rest));
    return { ...first, samples: joined([first.samples, this.#fromStage.flush().samples]) };
  }

  reset(): void {
    this.slot.reset();
    this.#fromStage?.reset();
  }

  /** At the stage's own rate, so that a frame it fails on loses nothing and is as long as any other. */
  #through(frame: AudioFrame): AudioFrame {
    if (frame.samples.length === 0) return frame;
    const result = this.slot.work(frame, (stage) => {
      const out = stage.process(frame);
      assertOutput(out, this.slot.format);
      return out;
    });
    return result?.value ?? frame;
  }
}

function assertOutput(frame: AudioFrame, { sampleRate }: AudioFormat): void {
  const ok =
    frame?.samples instanceof Int16Array &&
    frame.sampleRate === sampleRate &&
    frame.channels === 1 &&
    Number.isFinite(frame.timestamp);
  if (!ok) throw new RoomKitError("invalid_stage_output", "the stage gave something else than audio in its format");
}
