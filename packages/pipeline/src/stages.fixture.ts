import {
  type AudioFormat,
  type AudioFrame,
  type AudioPipeline,
  type DtmfEvent,
  type EchoCanceller,
  frameDurationMs,
  type PipelineEvents,
  type PipelineStream,
  type Recorder,
  type RecorderFactory,
  type RecorderNotice,
  type SpeakerEvent,
  type Stage,
  type StageContext,
  type StageFactory,
  silentLogger,
  type Vad,
  type VadEvent,
  type VadFactory,
} from "@roomkit/core";
import { FakeRecording } from "@roomkit/testing";
import { type AudioPipelineConfig, audioPipeline } from "./index.ts";

export const mono = (sampleRate: number): AudioFormat => ({ sampleRate, channels: 1 });

/** What a stage was given, and whether it is still open. */
export class Watched implements Stage {
  readonly format: AudioFormat;
  readonly context: StageContext | undefined;
  readonly frames: AudioFrame[] = [];
  resets = 0;
  closes = 0;

  constructor(format: AudioFormat, context?: StageContext) {
    this.format = format;
    this.context = context;
  }

  reset(): void {
    this.resets++;
  }

  close(): void {
    this.closes++;
  }

  /** The samples it was given so far, as one. */
  get samples(): number[] {
    return this.frames.flatMap((frame) => [...frame.samples]);
  }

  get heardMs(): number {
    return this.frames.reduce((sum, frame) => sum + frameDurationMs(frame), 0);
  }
}

type Change = (frame: AudioFrame, stage: FakeChanger) => AudioFrame;

/** An AGC, denoiser or echo canceller that does `change`. */
export class FakeChanger extends Watched implements EchoCanceller {
  readonly references: AudioFrame[] = [];
  readonly #change: Change;

  constructor(format: AudioFormat, context: StageContext | undefined, change: Change) {
    super(format, context);
    this.#change = change;
  }

  process(frame: AudioFrame): AudioFrame {
    this.frames.push(frame);
    return this.#change(frame, this);
  }

  reference(frame: AudioFrame): void {
    this.references.push(frame);
  }
}

/** Adds a number to every sample. */
export const plus =
  (number: number): Change =>
  (frame) => ({ ...frame, samples: frame.samples.map((sample) => sample + number) });

export const failing: Change = () => {
  throw new Error("made to fail");
};

/** A factory that remembers what it opened. */
export interface Watchable<S> extends StageFactory<S> {
  readonly opened: S[];
}

function watchable<S>(
  name: string,
  make: (format: AudioFormat, context?: StageContext) => S,
  rate?: number,
): Watchable<S> {
  const opened: S[] = [];
  return {
    name,
    opened,
    sampleRate: rate,
    open(format, context) {
      const stage = make(format, context);
      opened.push(stage);
      return stage;
    },
  };
}

export const changer = (name: string, change: Change = (frame) => frame, rate?: number): Watchable<FakeChanger> =>
  watchable(name, (format, context) => new FakeChanger(format, context, change), rate);

class FakeListener<E> extends Watched {
  readonly #answer: (frame: AudioFrame, count: number) => E | undefined;

  constructor(format: AudioFormat, answer: (frame: AudioFrame, count: number) => E | undefined) {
    super(format);
    this.#answer = answer;
  }

  process(frame: AudioFrame): E | undefined {
    this.frames.push(frame);
    return this.#answer(frame, this.frames.length);
  }
}

export class FakeVad extends FakeListener<VadEvent> implements Vad {
  readonly probability = 0;
}

/** A VAD that answers its n-th frame (from 1) as told. */
export const vadThat = (
  answer: (frame: AudioFrame, count: number) => VadEvent | undefined,
  options: { speechPadMs?: number | undefined; lagMs?: number | undefined; rate?: number | undefined } = {},
): VadFactory & Watchable<FakeVad> => ({
  ...watchable("fake-vad", (format) => new FakeVad(format, answer), options.rate),
  speechPadMs: options.speechPadMs ?? 100,
  lagMs: options.lagMs,
});

export const dtmfThat = (answer: (frame: AudioFrame, count: number) => DtmfEvent | undefined, rate?: number) =>
  watchable("fake-dtmf", (format) => new FakeListener(format, answer), rate);

export const diarizerThat = (answer: (frame: AudioFrame, count: number) => SpeakerEvent | undefined) =>
  watchable("fake-diarizer", (format) => new FakeListener(format, answer));

export class FakeRecorder extends Watched implements Recorder {
  readonly recording: FakeRecording = new FakeRecording();
  readonly said: AudioFrame[] = [];
  readonly reached: (number | undefined)[] = [];
  readonly startedAt: (number | undefined)[] = [];
  readonly notices: RecorderNotice[] = [];

  inbound(frame: AudioFrame, reached?: number): void {
    this.frames.push(frame);
    this.reached.push(reached);
  }

  outbound(frame: AudioFrame, startedAt?: number): void {
    this.said.push(frame);
    this.startedAt.push(startedAt);
  }

  notice(notice: RecorderNotice): void {
    this.notices.push(notice);
  }

  get saidMs(): number {
    return this.said.reduce((sum, frame) => sum + frameDurationMs(frame), 0);
  }
}

export const recorder = (
  rate?: number,
  outbound?: "generated" | "played",
): RecorderFactory & Watchable<FakeRecorder> => ({
  ...watchable("fake-recorder", (format, context) => new FakeRecorder(format, context), rate),
  ...(outbound && { outbound }),
});

/** An event of a stream, and its name. */
type Told = { [K in keyof PipelineEvents]: { readonly name: K } & PipelineEvents[K] }[keyof PipelineEvents];

const names = ["speech-start", "speech-end", "frame", "dtmf", "speaker", "stage-error"] as const;

export interface TestStream {
  readonly stream: PipelineStream;
  readonly events: Told[];
  /** The events but `frame`. */
  readonly notable: () => Told[];
  /** The processed frames. */
  readonly frames: () => AudioFrame[];
}

/** Opens a stream and writes down what it tells. */
export function openStream(
  config: AudioPipelineConfig | AudioPipeline,
  inbound: AudioFormat = mono(16_000),
  outbound: AudioFormat = mono(16_000),
): TestStream {
  const pipeline = "open" in config ? config : audioPipeline({ logger: silentLogger, ...config });
  const stream = pipeline.open({ inbound, outbound, sessionId: "session_1" });
  const events: Told[] = [];
  for (const name of names) stream.on(name, (payload) => events.push({ name, ...payload } as Told));
  return {
    stream,
    events,
    notable: () => events.filter((event) => event.name !== "frame"),
    frames: () => events.flatMap((event) => (event.name === "frame" ? [event.frame] : [])),
  };
}
