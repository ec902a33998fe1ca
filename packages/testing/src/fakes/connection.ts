import {
  type AudioFormat,
  type AudioFrame,
  type Clock,
  type CloseReason,
  type ConnectionInput,
  type ConnectionMessage,
  type DtmfPress,
  Emitter,
  frameDurationMs,
  type HeardReport,
  type Metadata,
  type PlaybackProgress,
  silence,
  type Unsubscribe,
  type UtteranceId,
  type VoiceConnection,
} from "@roomkit/core";
import { Writers } from "./writers.ts";

interface Queued {
  readonly utterance: UtteranceId;
  readonly frame: AudioFrame | undefined;
  readonly press?: DtmfPress | undefined;
}

export interface FakeConnectionOptions {
  readonly clock: Clock;
  readonly inbound?: AudioFormat | undefined;
  readonly outbound?: AudioFormat | undefined;
  readonly playback?: "reported" | "estimated" | undefined;
  readonly id?: string | undefined;
  readonly metadata?: Metadata | undefined;
  /** Keys it takes as events. Default none. */
  readonly dtmfEvents?: string | undefined;
}

/** Audio held until somebody listens, ms. */
const MOST_HELD_MS = 2_000;

/** How often the fake listener reports what was played, in ms. */
const REPORT_MS = 20;

/**
 * A listener without a socket: plays what it is given in real time of the clock, reports it exactly, and remembers everything
 * the server said. Speak into it with `hear` and `input`.
 */
export class FakeConnection implements VoiceConnection {
  readonly id: string;
  readonly label = "fake";
  readonly metadata: Metadata;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly playback: "reported" | "estimated";
  readonly dtmfEvents: string;
  /** Keys that were pressed as events and have been played, oldest first. */
  readonly pressed: DtmfPress[] = [];
  /** Everything sent, oldest first. */
  readonly sent: ConnectionMessage[] = [];
  /** Messages of the application's own, oldest first. */
  readonly raw: unknown[] = [];
  /** Audio that has been played, by utterance, in ms. */
  readonly played: Map<UtteranceId, number> = new Map<UtteranceId, number>();
  /** How often the listener was silenced. */
  clears = 0;
  /** How much quieter it was asked to be, dB, oldest first. */
  readonly ducked: number[] = [];
  readonly #clock: Clock;
  readonly #events = new Emitter<{
    audio: AudioFrame;
    received: AudioFrame;
    playback: PlaybackProgress;
    played: { readonly frame: AudioFrame; readonly startedAt: number; readonly utterance: UtteranceId };
    input: ConnectionInput;
    close: CloseReason;
  }>((error) => {
    throw error;
  });
  /** What the caller said while nobody listened. */
  #held: AudioFrame[] = [];
  #queue: Queued[] = [];
  #offsetMs = 0;
  #cancelTick: (() => void) | undefined;
  #closeReason: CloseReason | undefined;
  readonly #writers = new Writers();

  constructor(options: FakeConnectionOptions) {
    this.#clock = options.clock;
    this.id = options.id ?? "conn_fake";
    this.metadata = options.metadata ?? {};
    this.inbound = options.inbound ?? { sampleRate: 16_000, channels: 1 };
    this.outbound = options.outbound ?? { sampleRate: 24_000, channels: 1 };
    this.playback = options.playback ?? "reported";
    this.dtmfEvents = options.dtmfEvents ?? "";
  }

  get closed(): boolean {
    return this.#closeReason !== undefined;
  }

  get queuedMs(): number {
    return this.#queue.reduce((ms, item) => ms + (item.frame ? frameDurationMs(item.frame) : 0), 0) - this.#offsetMs;
  }

  /** Listeners still attached: none after a session has ended. */
  get listeners(): number {
    return this.#events.listenerCount();
  }

  /** The caller's microphone. */
  hear(frame: AudioFrame): void {
    if (this.closed) return;
    this.#events.emit("received", frame);
    if (this.#events.listenerCount("audio") > 0 && this.#held.length === 0) this.#events.emit("audio", frame);
    else this.#held.push(frame);
    while (this.#held.reduce((ms, each) => ms + frameDurationMs(each), 0) > MOST_HELD_MS) this.#held.shift();
  }

  /** Sees every frame before whoever consumes it: first, now, those that wait for a consumer. */
  onReceived(listener: (frame: AudioFrame) => void): Unsubscribe {
    const stop = this.#events.on("received", listener);
    for (const frame of this.#held) listener(frame);
    return stop;
  }

  /** The caller's client. */
  input(input: ConnectionInput): void {
    this.#events.emit("input", input);
  }

  /** What was sent of one type. */
  messages<T extends ConnectionMessage["type"]>(type: T): Extract<ConnectionMessage, { type: T }>[] {
    return this.sent.filter((message): message is Extract<ConnectionMessage, { type: T }> => message.type === type);
  }

  onAudio(listener: (frame: AudioFrame) => void): Unsubscribe {
    const stop = this.#events.on("audio", listener);
    queueMicrotask(() => {
      if (this.#events.listenerCount("audio") === 0) return;
      for (let frame = this.#held.shift(); frame; frame = this.#held.shift()) this.#events.emit("audio", frame);
    });
    return stop;
  }

  duck(db: number): void {
    this.ducked.push(db);
  }

  play(utterance: UtteranceId, frame: AudioFrame): void {
    if (this.closed || frame.samples.length === 0) return;
    this.#queue.push({ utterance, frame });
    this.#tick();
  }

  playDtmf(utterance: UtteranceId, press: DtmfPress): void {
    if (this.closed || !this.dtmfEvents.includes(press.digit)) return;
    this.#queue.push({ utterance, frame: silence(this.outbound, press.toneMs + press.pauseMs), press });
    this.#tick();
  }

  endUtterance(utterance: UtteranceId): void {
    if (this.closed) return;
    this.#queue.push({ utterance, frame: undefined });
    this.#tick();
  }

  writable(belowMs: number, signal: AbortSignal): Promise<void> {
    if (this.closed || this.queuedMs <= belowMs) return Promise.resolve();
    return this.#writers.wait(belowMs, signal);
  }

  clear(): HeardReport {
    this.clears++;
    const ids = [...new Set(this.#queue.map((item) => item.utterance))];
    this.#queue = [];
    this.#offsetMs = 0;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    const utterances = ids.map((utterance) => this.#progress(utterance, true));
    if (this.playback === "reported") {
      this.#clock.setTimeout(() => {
        for (const progress of utterances) this.#events.emit("playback", progress);
      }, 10);
    }
    this.#writers.release(this.closed ? 0 : this.queuedMs);
    return { utterances };
  }

  onPlayback(listener: (progress: PlaybackProgress) => void): Unsubscribe {
    return this.#events.on("playback", listener);
  }

  onPlayed(listener: (frame: AudioFrame, startedAt: number, utterance: UtteranceId) => void): Unsubscribe {
    return this.#events.on("played", ({ frame, startedAt, utterance }) => listener(frame, startedAt, utterance));
  }

  send(message: ConnectionMessage): void {
    if (!this.closed) this.sent.push(message);
  }

  onInput(listener: (input: ConnectionInput) => void): Unsubscribe {
    return this.#events.on("input", listener);
  }

  onClose(listener: (reason: CloseReason) => void): Unsubscribe {
    if (this.#closeReason) {
      listener(this.#closeReason);
      return () => {};
    }
    return this.#events.on("close", listener);
  }

  async close(reason: CloseReason = { code: "server_closed", message: "" }): Promise<void> {
    if (this.#closeReason) return;
    this.#closeReason = reason;
    this.#cancelTick?.();
    this.#queue = [];
    this.#held = [];
    this.#writers.release(this.closed ? 0 : this.queuedMs);
    this.#events.emit("close", reason);
  }

  #tick(): void {
    if (this.#cancelTick || this.#queue.length === 0) return;
    this.#cancelTick = this.#clock.setTimeout(() => {
      this.#cancelTick = undefined;
      this.#advance(REPORT_MS);
      this.#tick();
    }, REPORT_MS);
  }

  #advance(ms: number): void {
    let left = ms;
    let reported: UtteranceId | undefined;
    while (this.#queue.length > 0) {
      const { utterance, frame, press } = this.#queue[0] as Queued;
      if (frame === undefined) {
        this.#queue.shift();
        reported = undefined;
        this.#events.emit("playback", this.#progress(utterance, true));
        continue;
      }
      if (left <= 0) break;
      const rest = frameDurationMs(frame) - this.#offsetMs;
      const now = Math.min(left, rest);
      left -= now;
      this.played.set(utterance, (this.played.get(utterance) ?? 0) + now);
      reported = utterance;
      this.#offsetMs += now;
      if (now < rest) break;
      this.#queue.shift();
      if (press) this.pressed.push(press);
      this.#offsetMs = 0;
      const startedAt = this.#clock.now() - left - frameDurationMs(frame);
      this.#events.emit("played", { frame, startedAt, utterance });
    }
    if (reported !== undefined) this.#events.emit("playback", this.#progress(reported, false));
    this.#writers.release(this.closed ? 0 : this.queuedMs);
  }

  #progress(utterance: UtteranceId, done: boolean): PlaybackProgress {
    return { utterance, playedMs: this.played.get(utterance) ?? 0, confidence: this.playback, done };
  }
}
