import type { AudioFormat, AudioFrame, AudioTap, StageContext } from "@roomkit/core";
import { type AudioPipelineConfig, CHANGERS } from "../config.ts";
import { FormatConverter } from "../frames/converter.ts";
import type { FrameSlot } from "../stages/frame-slot.ts";
import { type SlotOptions, StageSlot } from "../stages/slot.ts";

/** One point of the path at which somebody listens in. */
export class Tap {
  readonly #slot: StageSlot<AudioTap>;
  /** What the voices and the transport use may be of any rate. */
  readonly #converter: FormatConverter;

  private constructor(slot: StageSlot<AudioTap>) {
    this.#slot = slot;
    this.#converter = new FormatConverter(slot.format.sampleRate, slot.format);
  }

  static open({ taps }: AudioPipelineConfig, point: string, options: SlotOptions): Tap | undefined {
    if (!taps) return undefined;
    const open = (format: AudioFormat, context?: StageContext): AudioTap => taps.open(point, format, context);
    const slot = StageSlot.open("tap", { name: `tap ${point}`, open }, options);
    return slot && new Tap(slot);
  }

  write(frame: AudioFrame): void {
    this.#slot.run((tap) => {
      const converted = this.#converter.convert(frame);
      if (converted.samples.length > 0) tap.write(converted);
    });
  }

  close(): void {
    this.#slot.close();
  }
}

/** The points of the inbound path: what came, what each stage that changes audio made of it, what is heard in the end. */
export class InboundTaps {
  readonly #taps = new Map<string, Tap>();

  constructor(config: AudioPipelineConfig, options: SlotOptions) {
    for (const [i, point] of ["received", ...CHANGERS, "heard"].entries()) {
      const tap = Tap.open(config, `in-${i}-${point}`, options);
      if (tap) this.#taps.set(point, tap);
    }
  }

  write(point: string, frame: AudioFrame): void {
    this.#taps.get(point)?.write(frame);
  }

  /** Silence where no stage changes audio, so that the files line up. */
  without(changers: readonly FrameSlot[], frame: AudioFrame): void {
    if (this.#taps.size === 0) return;
    const silent = { ...frame, samples: new Int16Array(frame.samples.length) };
    for (const point of CHANGERS) if (!changers.some(({ slot }) => slot.role === point)) this.write(point, silent);
  }

  close(): void {
    for (const tap of this.#taps.values()) tap.close();
  }
}
