import {
  type AudioFormat,
  type AudioFrame,
  type FrameStage,
  joinFrames,
  joinSamples,
  type StageStatus,
} from "@roomkit/core";
import type { AudioPipelineConfig } from "../config.ts";
import { FormatConverter } from "../frames/converter.ts";
import { FrameSlot } from "../stages/frame-slot.ts";
import type { RecorderTap } from "../stages/recorder-tap.ts";
import type { SlotOptions } from "../stages/slot.ts";
import { Tap } from "./taps.ts";

export interface OutboundOptions extends SlotOptions {
  readonly config: AudioPipelineConfig;
  /** What the transport plays. */
  readonly outbound: AudioFormat;
  /** Hears what is said here; undefined when nothing does. */
  readonly recorder: RecorderTap | undefined;
}

/** The postprocessors, once there is a first frame to say at which rate they work. */
interface Workshop {
  /** To the rate of the first frame; a voice of another rate may follow. */
  readonly entrance: FormatConverter;
  readonly slots: readonly FrameSlot<FrameStage>[];
}

/** To the caller's speaker: postprocess, record, resample to what the transport plays. */
export class OutboundPath {
  readonly #options: OutboundOptions;
  #workshop: Workshop | undefined;
  #exit: FormatConverter | undefined;

  readonly #tap: Tap | undefined;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#tap = Tap.open(options.config, "out-0-said", options);
  }

  get statuses(): readonly StageStatus[] {
    return this.#workshop?.slots.map(({ slot }) => slot.status) ?? [];
  }

  /** @throws RoomKitError `unsupported_format` when there is no way from the frame's rate to the transport's. */
  process(frame: AudioFrame): AudioFrame {
    const { recorder, outbound } = this.#options;
    this.#exit ??= new FormatConverter(frame.sampleRate, outbound);
    const worked = this.#work(frame);
    if (worked.samples.length === 0) return { samples: new Int16Array(0), ...outbound, timestamp: frame.timestamp };
    recorder?.outbound(worked);
    this.#tap?.write(worked);
    return this.#exit.convert(worked);
  }

  /** Everything still held back; what follows is another utterance. */
  flush(): AudioFrame {
    const { recorder, outbound } = this.#options;
    const nothing = { samples: new Int16Array(0), ...outbound, timestamp: 0 };
    if (this.#exit === undefined) return nothing;
    const rest = this.#restOfWork();
    const first = rest && this.#exit.convert(rest);
    if (rest) recorder?.outbound(rest);
    if (rest) this.#tap?.write(rest);
    recorder?.endOutbound();
    const last = this.#exit.flush();
    return first ? { ...first, samples: joinSamples([first.samples, last.samples]) } : last;
  }

  /** Drops everything held back. */
  clear(): void {
    this.#workshop?.entrance.reset();
    for (const slot of this.#workshop?.slots ?? []) slot.reset();
    this.#options.recorder?.clearOutbound();
    this.#exit?.reset();
  }

  close(): void {
    for (const { slot } of this.#workshop?.slots ?? []) slot.close();
    this.#tap?.close();
  }

  #work(frame: AudioFrame): AudioFrame {
    const { postprocessors = [] } = this.#options.config;
    if (postprocessors.length === 0) return frame;
    if (this.#workshop === undefined) {
      const format: AudioFormat = { sampleRate: frame.sampleRate, channels: 1 };
      this.#workshop = {
        entrance: new FormatConverter(format.sampleRate, format),
        slots: postprocessors
          .map((factory) => FrameSlot.open("postprocessor", factory, { ...this.#options, format }))
          .filter((slot) => slot !== undefined),
      };
    }
    let worked = this.#workshop.entrance.convert(frame);
    for (const slot of this.#workshop.slots) worked = slot.process(worked);
    return worked;
  }

  /** What the entrance and the stages' changes of rate hold back, through all that follows each. */
  #restOfWork(): AudioFrame | undefined {
    if (this.#workshop === undefined) return undefined;
    let rest = this.#workshop.entrance.flush();
    for (const slot of this.#workshop.slots) {
      const passed = slot.process(rest);
      const flushed = slot.flush();
      rest = joinFrames([passed, flushed], flushed);
    }
    return rest.samples.length > 0 ? rest : undefined;
  }
}
