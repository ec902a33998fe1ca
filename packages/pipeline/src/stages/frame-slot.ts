import {
  type AudioFormat,
  type AudioFrame,
  assertStageOutput,
  type FrameStage,
  joinFrames,
  type StageFactory,
  type StageStatus,
} from "@roomkit/core";
import { FormatConverter } from "../frames/converter.ts";
import { openGuarded, type SlotOptions, StageSlot } from "./slot.ts";

/** A stage that changes audio, in its place: what goes in and comes out is of the path's format. */
export class FrameSlot<S extends FrameStage = FrameStage> {
  readonly slot: StageSlot<S>;
  readonly #format: AudioFormat;
  readonly #fromStage: FormatConverter | undefined;
  /** What the stage held back when it was taken out. */
  #left: AudioFrame | undefined;

  /** @throws whatever keeps the stage from working here; {@link openGuarded} makes a report of that. */
  constructor(role: StageStatus["role"], factory: StageFactory<S>, options: SlotOptions) {
    const { format } = options;
    const { sampleRate = format.sampleRate } = factory;
    this.#format = format;
    // Before the stage, so that nothing is open should there be no way from its rate.
    this.#fromStage = sampleRate === format.sampleRate ? undefined : new FormatConverter(sampleRate, format);
    this.slot = new StageSlot(role, factory, options);
    this.slot.onTakenOut = () => {
      this.#left = this.slot.run((stage) => this.#rest(stage))?.value;
    };
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

  /** The rest that the stage and changes of rate hold back. */
  flush(): AudioFrame {
    const given = this.slot.flushed();
    const passed = given && this.#through(given);
    // After what the change of rate before it still had.
    const held = this.slot.run((stage) => this.#rest(stage))?.value;
    const rest = [passed, held].filter((part) => part !== undefined);
    const parts = this.#fromStage
      ? [...rest.map((part) => (this.#fromStage as FormatConverter).convert(part)), this.#fromStage.flush()]
      : rest;
    return joinFrames(parts, { samples: new Int16Array(0), ...this.#format, timestamp: 0 });
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
      assertStageOutput(out, this.slot.format.sampleRate);
      return out;
    });
    const out = result?.value ?? frame;
    const left = this.#left;
    this.#left = undefined;
    return left ? joinFrames([left, out], out) : out;
  }

  /** What the stage itself holds back, if anything. */
  #rest(stage: S): AudioFrame | undefined {
    const rest = stage.flush?.();
    if (rest !== undefined) assertStageOutput(rest, this.slot.format.sampleRate);
    return rest && rest.samples.length > 0 ? rest : undefined;
  }
}
