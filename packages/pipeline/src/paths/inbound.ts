import {
  type AudioFormat,
  type AudioFrame,
  type Diarizer,
  type DtmfDetector,
  type DtmfEvent,
  type Emitter,
  type PipelineEvents,
  type SpeakerEvent,
  type Stage,
  type StageRole,
  samplesFor,
  type VoiceCapabilities,
} from "@roomkit/core";
import { type AudioPipelineConfig, nativeRoles, ROLES } from "../config.ts";
import { FormatConverter } from "../frames/converter.ts";
import { Withheld } from "../frames/withheld.ts";
import { EchoSlot } from "../stages/echo-slot.ts";
import type { FrameSlot } from "../stages/frame-slot.ts";
import type { RecorderTap } from "../stages/recorder-tap.ts";
import type { SlotOptions, StageSlot } from "../stages/slot.ts";
import { DigitMute } from "./digit-mute.ts";
import { assertDigit, assertSpeaker } from "./events.ts";
import { InboundStages } from "./inbound-stages.ts";
import { SpeechGate } from "./speech-gate.ts";
import { InboundTaps } from "./taps.ts";

/** Longer frames are cut into pieces: a stage answers once per frame, and its answer should not come a second late. */
const LONG_MS = 30;
const PIECE_MS = 20;

export interface InboundOptions extends SlotOptions {
  readonly config: AudioPipelineConfig;
  /** What the caller's platform does itself. */
  readonly native: VoiceCapabilities | undefined;
  readonly inbound: AudioFormat;
  readonly recorder: RecorderTap | undefined;
  readonly events: Emitter<PipelineEvents>;
}

/** From the caller's microphone: resample, record, find touch tones, cancel echo, guard against it, level, denoise, find speech and speakers. */
export class InboundPath {
  readonly stages: InboundStages;
  readonly #options: InboundOptions;
  readonly #converter: FormatConverter;
  readonly #mute: DigitMute | undefined;
  readonly #withheld = new Withheld();
  readonly #gate: SpeechGate;
  readonly #taps: InboundTaps;
  #open = true;

  /** @throws RoomKitError `unsupported_format` when there is no way from the transport's rate to the internal one. */
  constructor(options: InboundOptions) {
    const { config, native, format, inbound, events } = options;
    this.#options = options;
    this.#converter = new FormatConverter(inbound.sampleRate, format);
    this.#mute = config.muteDigits ? new DigitMute() : undefined;
    this.#taps = new InboundTaps(config, options);
    this.#gate = new SpeechGate(events, this.#withheld);
    this.stages = new InboundStages({
      ...options,
      factories: config,
      without: { native: nativeRoles(config, native), off: config.startOff ?? [] },
      onLeft: (role, rest) => this.#left(role, rest),
      onSwitched: (role) => {
        if (role === "vad") this.#listen();
      },
    });
    this.#listen();
  }

  get hasVad(): boolean {
    return this.stages.listener("vad")?.failed === false;
  }

  process(frame: AudioFrame): void {
    this.stages.during(this.#convert, frame);
  }

  played(frame: AudioFrame): void {
    for (const slot of this.stages.echoes) slot.played(frame);
  }

  /** See `PipelineStream.settleSpeaker`. */
  settleSpeaker(): Promise<void> | undefined {
    const slot = this.stages.listener("diarization");
    const settled = this.#open ? slot?.run((diarizer) => diarizer.settle?.())?.value : undefined;
    if (settled === undefined) return undefined;
    return Promise.resolve(settled).then(
      (events) => {
        for (const event of events) {
          if (this.#open && slot?.run(() => assertSpeaker(event))) this.#options.events.emit("speaker", event);
        }
      },
      (error: unknown) => {
        if (this.#open) slot?.fail(error);
      },
    );
  }

  /** Ends speech that is under way, then closes every stage. */
  close(): void {
    this.#open = false;
    this.#gate.close();
    this.stages.close();
    this.#taps.close();
  }

  #listen(): void {
    this.#gate.listen(this.stages.listener("vad"), this.stages.preRoll);
  }

  // Functions once and for all: one made for each frame would be garbage.
  readonly #convert = (frame: AudioFrame): void => this.#inPieces(this.#converter.convert(frame), this.#processPiece);

  readonly #processPiece = (raw: AudioFrame): void => {
    if (raw.samples.length === 0) return;
    this.#options.recorder?.inbound(raw, this.#converter.reached);
    this.#taps.write("received", raw);
    const digit = heard(this.stages.listener("dtmf"), raw, this.#detect);
    if (digit) this.#options.events.emit("dtmf", digit);
    this.#change(raw, this.stages.changers);
  };

  readonly #detect = (detector: DtmfDetector, frame: AudioFrame): DtmfEvent | undefined => {
    const event = detector.process(frame);
    if (event) assertDigit(event);
    const { tone } = detector;
    this.#mute?.note(tone);
    if (tone) this.#options.recorder?.notice({ type: "tone", timestamp: tone.from, durationMs: tone.to - tone.from });
    return event;
  };

  /** Through those stages that change audio, and to those that listen to the result. */
  #change(given: AudioFrame, changers: readonly FrameSlot[]): void {
    let frame = given;
    for (const changer of changers) {
      const before = frame;
      frame = changer.process(frame);
      if (changer.slot.role === "echoGuard") this.#withheld.note(this.#mute?.apply(before) ?? before, frame);
      const path = changer instanceof EchoSlot ? changer.suspected() : undefined;
      if (path) this.#options.events.emit("echo-suspected", path);
      this.#taps.write(changer.slot.role, frame);
    }
    this.#taps.without(changers, given);
    if (frame.samples.length === 0 || !this.#open) return;
    this.#inPieces(this.#mute ? this.#mute.apply(frame) : frame, this.#hear);
  }

  readonly #hear = (frame: AudioFrame): void => {
    this.#taps.write("heard", frame);
    this.#gate.push(frame);
    if (!this.#open) return;
    const speaker = heard(this.stages.listener("diarization"), frame, recognise);
    if (speaker) this.#options.events.emit("speaker", speaker);
  };

  /** A long frame piece by piece; a listener may close the stream in between. */
  #inPieces(frame: AudioFrame, take: (piece: AudioFrame) => void): void {
    const { samples, timestamp, sampleRate } = frame;
    if (samples.length <= samplesFor(frame, LONG_MS)) {
      take(frame);
      return;
    }
    const length = samplesFor(frame, PIECE_MS);
    for (let at = 0; at < samples.length && this.#open; at += length) {
      const piece = samples.subarray(at, at + length);
      take({ ...frame, samples: piece, timestamp: timestamp + (at / sampleRate) * 1000 });
    }
  }

  /** What a stage that goes still held back belongs before what comes next. */
  #left(role: StageRole, rest: AudioFrame | undefined): void {
    if (!rest || rest.samples.length === 0) return;
    const behind = ROLES.slice(ROLES.indexOf(role));
    this.#change(
      rest,
      this.stages.changers.filter(({ slot }) => behind.some((later) => later === slot.role)),
    );
  }
}

function recognise(diarizer: Diarizer, frame: AudioFrame): SpeakerEvent | undefined {
  const event = diarizer.process(frame);
  if (event) assertSpeaker(event);
  return event;
}

/** What a stage that only listens makes of a frame. */
function heard<S extends Stage, E>(
  slot: StageSlot<S> | undefined,
  frame: AudioFrame,
  listen: (stage: S, frame: AudioFrame) => E | undefined,
): E | undefined {
  if (slot === undefined || slot.failed) return undefined;
  const adapted = slot.adapted(frame);
  return adapted.samples.length === 0 ? undefined : slot.work(adapted, listen)?.value;
}
