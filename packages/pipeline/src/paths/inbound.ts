import {
  type AudioFormat,
  type AudioFrame,
  type Diarizer,
  type DtmfDetector,
  type Emitter,
  type FrameStage,
  type PipelineEvents,
  type Stage,
  samplesFor,
  type Vad,
} from "@roomkit/core";
import type { AudioPipelineConfig } from "../config.ts";
import { FormatConverter } from "../frames/converter.ts";
import { EchoSlot } from "../stages/echo-slot.ts";
import { FrameSlot } from "../stages/frame-slot.ts";
import type { RecorderTap } from "../stages/recorder-tap.ts";
import { type SlotOptions, StageSlot } from "../stages/slot.ts";
import { DigitMute } from "./digit-mute.ts";
import { SpeechGate } from "./speech-gate.ts";

/** Longer frames are cut into pieces: a stage answers once per frame, and its answer should not come a second late. */
const LONG_MS = 30;
const PIECE_MS = 20;

export interface InboundOptions extends SlotOptions {
  readonly config: AudioPipelineConfig;
  readonly inbound: AudioFormat;
  readonly recorder: RecorderTap | undefined;
  readonly events: Emitter<PipelineEvents>;
}

/** From the caller's microphone: resample, record, find touch tones, cancel echo, level, denoise, find speech and speakers. */
export class InboundPath {
  readonly #options: InboundOptions;
  readonly #converter: FormatConverter;
  readonly #dtmf: StageSlot<DtmfDetector> | undefined;
  readonly #mute: DigitMute | undefined;
  readonly #echo: EchoSlot | undefined;
  /** AEC, AGC, denoiser: those there are. */
  readonly #changers: readonly FrameSlot<FrameStage>[];
  readonly #vad: StageSlot<Vad> | undefined;
  readonly #diarizer: StageSlot<Diarizer> | undefined;
  readonly #gate: SpeechGate;
  #open = true;

  /** @throws RoomKitError `unsupported_format` when there is no way from the transport's rate to the internal one. */
  constructor(options: InboundOptions) {
    const { config, format, inbound, events } = options;
    this.#options = options;
    this.#converter = new FormatConverter(inbound.sampleRate, format);
    this.#dtmf = StageSlot.open(config.dtmf, options);
    this.#mute = config.muteDigits ? new DigitMute() : undefined;
    this.#echo = EchoSlot.open(config.aec, options);
    const [agc, denoiser] = [FrameSlot.open(config.agc, options), FrameSlot.open(config.denoiser, options)];
    this.#changers = [this.#echo?.frames, agc, denoiser].filter((slot) => slot !== undefined);
    this.#vad = StageSlot.open(config.vad, options);
    this.#diarizer = StageSlot.open(config.diarization, options);
    this.#gate = new SpeechGate(this.#vad, config.vad?.speechPadMs ?? 0, events);
  }

  get hasVad(): boolean {
    return this.#vad !== undefined;
  }

  process(frame: AudioFrame): void {
    const converted = this.#converter.convert(frame);
    const { samples, timestamp, sampleRate } = converted;
    if (samples.length <= samplesFor(converted, LONG_MS)) {
      this.#processPiece(converted);
      return;
    }
    const length = samplesFor(converted, PIECE_MS);
    // A listener may close the stream in between.
    for (let at = 0; at < samples.length && this.#open; at += length) {
      const piece = samples.subarray(at, at + length);
      this.#processPiece({ ...converted, samples: piece, timestamp: timestamp + (at / sampleRate) * 1000 });
    }
  }

  played(frame: AudioFrame): void {
    this.#echo?.played(frame);
  }

  /** Ends speech that is under way, then closes every stage. */
  close(): void {
    this.#open = false;
    this.#gate.close();
    const slots: (StageSlot<Stage> | undefined)[] = [
      this.#dtmf,
      ...this.#changers.map(({ slot }) => slot),
      this.#vad,
      this.#diarizer,
    ];
    for (const slot of slots) slot?.close();
  }

  #processPiece(raw: AudioFrame): void {
    if (raw.samples.length === 0) return;
    const { recorder } = this.#options;
    recorder?.inbound(raw, this.#converter.reached);
    const digit = heard(this.#dtmf, raw, (detector, frame) => {
      const event = detector.process(frame);
      const { tone } = detector;
      this.#mute?.note(tone);
      if (tone) recorder?.notice({ type: "tone", timestamp: tone.from, durationMs: tone.to - tone.from });
      return event;
    });
    if (digit) this.#options.events.emit("dtmf", digit);
    let frame = raw;
    for (const changer of this.#changers) frame = changer.process(frame);
    if (frame.samples.length === 0 || !this.#open) return;
    if (this.#mute) frame = this.#mute.apply(frame);
    this.#gate.push(frame);
    if (!this.#open) return;
    const speaker = heard(this.#diarizer, frame, (diarizer, adapted) => diarizer.process(adapted));
    if (speaker) this.#options.events.emit("speaker", speaker);
  }
}

/** What a stage that only listens makes of a frame. */
function heard<S extends Stage, E>(
  slot: StageSlot<S> | undefined,
  frame: AudioFrame,
  listen: (stage: S, frame: AudioFrame) => E | undefined,
): E | undefined {
  if (slot === undefined) return undefined;
  const adapted = slot.adapted(frame);
  return adapted.samples.length === 0 ? undefined : slot.run((stage) => listen(stage, adapted))?.value;
}
