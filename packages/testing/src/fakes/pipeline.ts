import {
  type AudioFormat,
  type AudioFrame,
  type AudioPipeline,
  Emitter,
  frameDurationMs,
  type PipelineEvents,
  type PipelineStream,
  type Recording,
  type SpeakerEvent,
  silence,
  type Unsubscribe,
} from "@roomkit/core";

/** A pipeline without DSP: frames pass as they are, speech begins and ends when the test says so. */
export class FakePipelineStream implements PipelineStream {
  readonly internal: AudioFormat = { sampleRate: 16_000, channels: 1 };
  readonly hasVad: boolean;
  readonly recording: Recording | undefined;
  closed = false;
  clears = 0;
  playedMs = 0;
  /** What `settleSpeaker` does: the diarizer, where the test has one. */
  settling: () => Promise<void> | undefined = () => undefined;
  readonly #events = new Emitter<PipelineEvents>((error) => {
    throw error;
  });
  readonly #outbound: AudioFormat;
  #position = 0;
  #speechAt: number | undefined;
  #speechMs = 0;
  #heard = true;

  constructor(outbound: AudioFormat, hasVad: boolean, recording?: Recording) {
    this.recording = recording;
    this.#outbound = outbound;
    this.hasVad = hasVad;
  }

  on<K extends keyof PipelineEvents>(event: K, listener: (payload: PipelineEvents[K]) => void): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /** The VAD became sure that speech began `agoMs` ago, and heard speech in all of that. */
  speechStart(agoMs = 60): void {
    this.#speechAt = this.#position - agoMs;
    this.#speechMs = agoMs;
    this.#heard = true;
    const preRoll = [silence(this.internal, agoMs, this.#speechAt)];
    this.#events.emit("speech-start", { timestamp: this.#speechAt, preRoll });
  }

  /** What follows is silence to the VAD, or speech again: the speech under way is not over for that. Speech after each start. */
  hears(speech: boolean): void {
    this.#heard = speech;
  }

  /** The VAD became sure that speech ended `agoMs` ago. */
  speechEnd(agoMs = 500): void {
    if (this.#speechAt === undefined) return;
    const timestamp = this.#position - agoMs;
    const durationMs = Math.max(0, timestamp - this.#speechAt);
    this.#speechAt = undefined;
    this.#events.emit("speech-end", { timestamp, durationMs });
  }

  /** The diarizer has judged a stretch. */
  speaker(event: SpeakerEvent): void {
    this.#events.emit("speaker", event);
  }

  settleSpeaker(): Promise<void> | undefined {
    return this.settling();
  }

  /** Where the newest audio ends, ms. */
  get position(): number {
    return this.#position;
  }

  processInbound(frame: AudioFrame): void {
    this.#position = frame.timestamp + (frame.samples.length / frame.sampleRate) * 1000;
    const speech = this.#speechAt !== undefined;
    if (speech && this.#heard) this.#speechMs += frameDurationMs(frame);
    // `speechStart` says afterwards what the frame before it had heard.
    this.#events.emit("frame", { frame, speech, ...(speech ? { speechMs: this.#speechMs } : {}) });
  }

  processOutbound(frame: AudioFrame): AudioFrame {
    return { ...silence(this.#outbound, (frame.samples.length / frame.sampleRate) * 1000), timestamp: frame.timestamp };
  }

  flushOutbound(): AudioFrame {
    return silence(this.#outbound, 0);
  }

  clearOutbound(): void {
    this.clears++;
  }

  played(frame: AudioFrame): void {
    this.playedMs += (frame.samples.length / frame.sampleRate) * 1000;
  }

  close(): void {
    this.closed = true;
  }

  get listeners(): number {
    return this.#events.listenerCount();
  }
}

/** Makes {@link FakePipelineStream}s and remembers them. */
export class FakePipeline implements AudioPipeline {
  readonly streams: FakePipelineStream[] = [];
  /** What each of them was opened with. */
  readonly opened: Parameters<AudioPipeline["open"]>[0][] = [];
  /** What the streams that are opened are to give for their recording. */
  recording: Recording | undefined;
  readonly #hasVad: boolean;

  constructor(hasVad = true) {
    this.#hasVad = hasVad;
  }

  open(formats: Parameters<AudioPipeline["open"]>[0]): FakePipelineStream {
    this.opened.push(formats);
    const stream = new FakePipelineStream(formats.outbound, this.#hasVad, this.recording);
    this.streams.push(stream);
    return stream;
  }
}
