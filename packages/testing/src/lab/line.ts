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
import { Writers } from "../fakes/writers.ts";
import { Estimates } from "./estimates.ts";
import { Arrivals, type LabNetwork, Wire } from "./network.ts";
import { scaled } from "./sound.ts";

/** What the server sent, as it arrives at the client. */
export type FromServer =
  | { readonly type: "audio"; readonly utterance: UtteranceId; readonly samples: Int16Array }
  | { readonly type: "end"; readonly utterance: UtteranceId }
  | { readonly type: "press"; readonly press: DtmfPress }
  | { readonly type: "clear" }
  | { readonly type: "message"; readonly message: ConnectionMessage }
  | { readonly type: "raw"; readonly message: unknown };

export interface LabLineOptions {
  readonly clock: Clock;
  readonly id: string;
  readonly format: AudioFormat;
  readonly playback: "reported" | "estimated";
  readonly dtmfEvents: string;
  readonly metadata: Metadata;
  readonly network: LabNetwork;
  /** How far ahead of the listener audio is sent, ms. */
  readonly leadMs: number;
  /** How long a client that has vanished counts as there, ms. */
  readonly lostAfterMs: number;
  readonly seed: number;
}

type Queued = { readonly utterance: UtteranceId; readonly frame?: AudioFrame; readonly press?: DtmfPress };

/** Kept while nobody listens: audio, ms, and messages of the client. */
const MOST_HELD_MS = 2_000;
const MOST_INPUTS = 64;
/** Audio queued for a listener at most, ms: beyond, the oldest whole utterance goes. */
const MOST_QUEUED_MS = 60_000;

/**
 * The server's end of a caller's line: paces what is said, with a network between it and the client. It is the {@link VoiceConnection}
 * that a channel is given; the client at its other end is the lab.
 */
export class LabLine implements VoiceConnection {
  readonly label = "lab";
  readonly id: string;
  readonly metadata: Metadata;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly playback: "reported" | "estimated";
  readonly dtmfEvents: string;
  readonly #options: LabLineOptions;
  readonly #clock: Clock;
  #begun = 0;
  readonly #up: Wire;
  readonly #down: Wire;
  readonly #toServer: Arrivals;
  readonly #estimates: Estimates;
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
  #arriving: { readonly at: number; readonly what: FromServer }[] = [];
  #queue: Queued[] = [];
  #queuedMs = 0;
  /** Until when what was sent lasts, on the clock. */
  #sentUntil = 0;
  /** How much of each was played by the client's own account. */
  readonly #reported = new Map<UtteranceId, number>();
  #held: AudioFrame[] = [];
  #inputs: ConnectionInput[] = [];
  readonly #writers = new Writers();
  #gain = 1;
  #closeReason: CloseReason | undefined;
  #vanished = false;
  #stopWaiting = (): void => {};

  constructor(options: LabLineOptions) {
    const { clock, id, metadata, format, playback, dtmfEvents, network, seed } = options;
    this.#options = options;
    this.#clock = clock;
    this.id = id;
    this.metadata = metadata;
    this.inbound = format;
    this.outbound = format;
    this.playback = playback;
    this.dtmfEvents = dtmfEvents;
    this.#up = new Wire(network, seed);
    this.#down = new Wire(network, seed + 1);
    this.#toServer = new Arrivals(clock);
    this.#estimates = new Estimates((progress) => this.#events.emit("playback", progress));
  }

  get closed(): boolean {
    return this.#closeReason !== undefined;
  }

  /** Why it ended; undefined while it has not. */
  get closeReason(): CloseReason | undefined {
    return this.#closeReason;
  }

  get queuedMs(): number {
    return this.#queuedMs;
  }

  /** Listeners still attached: none after a session has ended. */
  get listeners(): number {
    return this.#events.listenerCount();
  }

  // The client's side, which the lab moves on.

  /** The call begins now. */
  begin(): void {
    this.#begun = this.#clock.now();
  }

  /** Something of the client's goes to the server. */
  toServer(what: AudioFrame | ConnectionInput | PlaybackProgress): void {
    if (this.closed || this.#vanished) return;
    const at = this.#begun + this.#up.arrival(this.#clock.now() - this.#begun);
    this.#toServer.add(at, () => {
      if (this.closed) return;
      if ("samples" in what) this.#onAudio(what);
      else if ("playedMs" in what) this.#onReport(what);
      else this.#onInput(what);
    });
  }

  /** What has arrived at the client by now. */
  arrived(): FromServer[] {
    const now = this.#clock.now();
    this.pace();
    let count = 0;
    while (count < this.#arriving.length && (this.#arriving[count]?.at ?? 0) <= now) count++;
    const arrived = this.#arriving.splice(0, count);
    return this.#vanished ? [] : arrived.map(({ what }) => what);
  }

  /** The client is gone without a word: the server notices it after a while. */
  vanish(): void {
    if (this.closed || this.#vanished) return;
    this.#vanished = true;
    this.#toServer.clear();
    this.#stopWaiting = this.#clock.setTimeout(
      () => void this.close({ code: "client_lost", message: "the client fell silent" }),
      this.#options.lostAfterMs,
    );
  }

  /** Sends what is due. */
  pace(): void {
    if (this.closed) return;
    const now = this.#clock.now();
    while (this.#queue.length > 0 && this.#sentUntil - now < this.#options.leadMs) this.#sendNext(now);
    if (this.playback === "estimated") this.#estimates.tell(now);
    this.#writers.release(this.closed ? 0 : this.queuedMs);
  }

  // The server's side.

  onAudio(listener: (frame: AudioFrame) => void): Unsubscribe {
    const stop = this.#events.on("audio", listener);
    queueMicrotask(() => {
      if (this.#events.listenerCount("audio") === 0) return;
      for (let frame = this.#held.shift(); frame; frame = this.#held.shift()) this.#events.emit("audio", frame);
    });
    return stop;
  }

  /** Sees every frame before whoever consumes it: first, now, those that wait for a consumer. */
  onReceived(listener: (frame: AudioFrame) => void): Unsubscribe {
    const stop = this.#events.on("received", listener);
    for (const frame of this.#held) listener(frame);
    return stop;
  }

  play(utterance: UtteranceId, frame: AudioFrame): void {
    if (!this.closed && frame.samples.length > 0) this.#put({ utterance, frame });
  }

  playDtmf(utterance: UtteranceId, press: DtmfPress): void {
    if (this.closed || !this.dtmfEvents.includes(press.digit)) return;
    this.#put({ utterance, frame: silence(this.outbound, press.toneMs + press.pauseMs), press });
  }

  duck(db: number): void {
    this.#gain = 10 ** (db / 20);
  }

  endUtterance(utterance: UtteranceId): void {
    if (!this.closed) this.#put({ utterance });
  }

  writable(belowMs: number, signal: AbortSignal): Promise<void> {
    if (this.closed || this.queuedMs <= belowMs) return Promise.resolve();
    return this.#writers.wait(belowMs, signal);
  }

  clear(): HeardReport {
    const now = this.#clock.now();
    const unsent = [...new Set(this.#queue.map(({ utterance }) => utterance))];
    const sent = this.playback === "estimated" ? this.#estimates.clear(now) : this.#clearReported();
    const known = new Set(sent.map(({ utterance }) => utterance));
    this.#queue = [];
    this.#queuedMs = 0;
    this.#sentUntil = now;
    this.#toClient({ type: "clear" });
    this.#writers.release(this.closed ? 0 : this.queuedMs);
    const never = unsent.filter((utterance) => !known.has(utterance));
    const { playback: confidence } = this;
    return { utterances: [...sent, ...never.map((utterance) => ({ utterance, playedMs: 0, confidence, done: true }))] };
  }

  onPlayback(listener: (progress: PlaybackProgress) => void): Unsubscribe {
    return this.#events.on("playback", listener);
  }

  onPlayed(listener: (frame: AudioFrame, startedAt: number, utterance: UtteranceId) => void): Unsubscribe {
    return this.#events.on("played", ({ frame, startedAt, utterance }) => listener(frame, startedAt, utterance));
  }

  send(message: ConnectionMessage): void {
    if (!this.closed) this.#toClient({ type: "message", message });
  }

  /** An application's message, as it is. */
  sendRaw(message: unknown): void {
    if (!this.closed) this.#toClient({ type: "raw", message });
  }

  onInput(listener: (input: ConnectionInput) => void): Unsubscribe {
    const stop = this.#events.on("input", listener);
    for (const input of this.#inputs.splice(0)) listener(input);
    return stop;
  }

  onClose(listener: (reason: CloseReason) => void): Unsubscribe {
    if (!this.#closeReason) return this.#events.on("close", listener);
    listener(this.#closeReason);
    return () => {};
  }

  async close(reason: CloseReason = { code: "server_closed", message: "" }): Promise<void> {
    if (this.#closeReason) return;
    this.#closeReason = reason;
    this.#stopWaiting();
    this.#toServer.clear();
    this.#queue = [];
    this.#queuedMs = 0;
    this.#held = [];
    this.#inputs = [];
    this.#writers.release(this.closed ? 0 : this.queuedMs);
    this.#events.emit("close", reason);
  }

  #onAudio(frame: AudioFrame): void {
    this.#events.emit("received", frame);
    if (this.#events.listenerCount("audio") > 0 && this.#held.length === 0) this.#events.emit("audio", frame);
    else this.#held.push(frame);
    while (this.#held.reduce((ms, each) => ms + frameDurationMs(each), 0) > MOST_HELD_MS) this.#held.shift();
  }

  #onInput(input: ConnectionInput): void {
    if (this.#events.listenerCount("input") > 0) this.#events.emit("input", input);
    else if (this.#inputs.length < MOST_INPUTS) this.#inputs.push(input);
  }

  #onReport(progress: PlaybackProgress): void {
    if (!this.#reported.has(progress.utterance)) return;
    this.#reported.set(progress.utterance, progress.playedMs);
    if (progress.done) this.#reported.delete(progress.utterance);
    this.#events.emit("playback", progress);
  }

  #clearReported(): PlaybackProgress[] {
    return [...this.#reported].map(([utterance, playedMs]) => ({
      utterance,
      playedMs,
      confidence: "reported",
      done: false,
    }));
  }

  #put(item: Queued): void {
    this.#queue.push(item);
    this.#queuedMs += item.frame ? frameDurationMs(item.frame) : 0;
    if (this.#queuedMs > MOST_QUEUED_MS) this.#dropOldest();
    this.pace();
  }

  #dropOldest(): void {
    const utterance = this.#queue[0]?.utterance as UtteranceId;
    this.#queue = this.#queue.filter((item) => item.utterance !== utterance);
    this.#queuedMs = this.#queue.reduce((ms, { frame }) => ms + (frame ? frameDurationMs(frame) : 0), 0);
    this.#toClient({ type: "end", utterance });
  }

  #sendNext(now: number): void {
    const { utterance, frame, press } = this.#queue.shift() as Queued;
    // Sums of fractions leave a rest.
    if (this.#queue.every((item) => !item.frame)) this.#queuedMs = 0;
    if (frame === undefined) {
      this.#estimates.end(utterance);
      this.#toClient({ type: "end", utterance });
      return;
    }
    const ms = frameDurationMs(frame);
    this.#queuedMs = Math.max(0, this.#queuedMs - ms);
    const startedAt = Math.max(now, this.#sentUntil);
    this.#sentUntil = startedAt + ms;
    this.#estimates.sent(utterance, ms, this.#sentUntil);
    if (!this.#reported.has(utterance)) this.#reported.set(utterance, 0);
    if (press) this.#toClient({ type: "press", press });
    const samples = this.#gain === 1 ? frame.samples : scaled(frame.samples, this.#gain);
    this.#toClient({ type: "audio", utterance, samples });
    this.#events.emit("played", { frame: { ...frame, samples }, startedAt, utterance });
  }

  #toClient(what: FromServer): void {
    const at = this.#begun + this.#down.arrival(this.#clock.now() - this.#begun);
    if (!this.#vanished) this.#arriving.push({ at, what });
  }
}
