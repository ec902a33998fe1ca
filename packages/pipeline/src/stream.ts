import {
  type AudioFormat,
  type AudioFrame,
  type AudioPipeline,
  assertFrame,
  consoleLogger,
  Emitter,
  type PipelineEvents,
  type PipelineStream,
  type Recording,
  RoomKitError,
  type StageControl,
  speakerChanges,
  type Unsubscribe,
} from "@roomkit/core";
import type { AudioPipelineConfig } from "./config.ts";
import { InboundPath } from "./paths/inbound.ts";
import { OutboundPath } from "./paths/outbound.ts";
import { Tap } from "./paths/taps.ts";
import { RecorderTap } from "./stages/recorder-tap.ts";
import { StageReports } from "./stages/reports.ts";

/** The audio path of one session. */
export class Stream implements PipelineStream {
  readonly internal: AudioFormat;
  readonly #events: Emitter<PipelineEvents>;
  readonly #reports: StageReports;
  readonly #recorder: RecorderTap | undefined;
  readonly #recordPlayed: boolean;
  readonly #inbound: InboundPath;
  readonly #outbound: OutboundPath;
  readonly #playedTap: Tap | undefined;
  readonly #silence: AudioFrame;
  #closed = false;

  constructor(config: AudioPipelineConfig, formats: Parameters<AudioPipeline["open"]>[0]) {
    const { inbound, outbound, sessionId, native, clock } = formats;
    const logger = config.logger ?? consoleLogger;
    const format: AudioFormat = { sampleRate: config.internalSampleRate ?? 16_000, channels: 1 };
    this.internal = format;
    this.#silence = { samples: new Int16Array(0), ...outbound, timestamp: 0 };
    this.#events = new Emitter((error, event) => {
      logger.error({ event, sessionId, code: RoomKitError.from(error).code }, "a pipeline listener failed");
    });
    this.#reports = new StageReports(this.#events);
    const { maxStageFailures: maxFailures = 50, countWork: counts = false } = config;
    const common = { format, context: { sessionId, clock }, reports: this.#reports, maxFailures, counts };
    this.#recorder = RecorderTap.open(config.recorder, common);
    this.#playedTap = Tap.open(config, "out-1-played", common);
    this.#recordPlayed = (config.recordOutbound ?? config.recorder?.outbound) === "played";
    this.#outbound = new OutboundPath({
      config,
      outbound,
      recorder: this.#recordPlayed ? undefined : this.#recorder,
      ...common,
    });
    if (this.#recorder) this.#notify(this.#recorder);
    this.#inbound = new InboundPath({
      config,
      native,
      inbound,
      recorder: this.#recorder,
      events: this.#events,
      ...common,
    });
  }

  get hasVad(): boolean {
    return this.#inbound.hasVad;
  }

  get stages(): StageControl {
    const { stages } = this.#inbound;
    return {
      list: () => [...stages.list(), ...(this.#recorder ? [this.#recorder.status] : []), ...this.#outbound.statuses],
      set: (role, to) => stages.set(role, to),
    };
  }

  get recording(): Recording | undefined {
    return this.#recorder?.recording;
  }

  on<K extends keyof PipelineEvents>(event: K, listener: (payload: PipelineEvents[K]) => void): Unsubscribe {
    return this.#closed ? () => {} : this.#events.on(event, listener);
  }

  processInbound(frame: AudioFrame): void {
    if (this.#take(frame)) this.#inbound.process(frame);
  }

  processOutbound(frame: AudioFrame): AudioFrame {
    return this.#take(frame) ? this.#outbound.process(frame) : this.#silence;
  }

  flushOutbound(): AudioFrame {
    return this.#closed ? this.#silence : this.#outbound.flush();
  }

  clearOutbound(): void {
    if (!this.#closed) this.#outbound.clear();
  }

  played(frame: AudioFrame, startedAt?: number): void {
    if (!this.#take(frame)) return;
    this.#playedTap?.write(frame);
    this.#inbound.played(frame);
    if (this.#recordPlayed) this.#recorder?.outbound(frame, startedAt);
  }

  settleSpeaker(): Promise<void> | undefined {
    return this.#inbound.settleSpeaker();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reports.deliver();
    this.#inbound.close();
    this.#outbound.close();
    this.#playedTap?.close();
    this.#recorder?.close();
    this.#events.clear();
  }

  /** What is found in the audio is told the recorder first, so that it knows of it whatever a listener does. */
  #notify(recorder: RecorderTap): void {
    for (const type of ["speech-start", "speech-end"] as const)
      this.#events.on(type, ({ timestamp }) => recorder.notice({ type, timestamp }));
    this.#events.on("dtmf", (event) => recorder.notice({ type: "dtmf", ...event }));
    const changed = speakerChanges();
    this.#events.on("speaker", (event) => {
      if (changed(event)) recorder.notice({ type: "speaker", ...event });
    });
  }

  /** Whether a frame is to be processed. @throws RoomKitError `invalid_audio` when it is none. */
  #take(frame: AudioFrame): boolean {
    if (this.#closed) return false;
    assertFrame(frame);
    this.#reports.deliver();
    return true;
  }
}
