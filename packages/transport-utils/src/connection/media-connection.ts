import {
  type AudioFormat,
  type AudioFrame,
  type CloseReason,
  type ConnectionInput,
  type ConnectionMessage,
  type ConnectionQuality,
  type DtmfPress,
  Emitter,
  errorFields,
  type HeardReport,
  type Logger,
  type Metadata,
  type PlaybackProgress,
  type PlayOptions,
  type Unsubscribe,
  type UtteranceId,
  type VoiceConnection,
} from "@roomkit/core";
import type { PlayoutQueueOptions } from "../playout/options.ts";
import type { PlayedListener } from "../playout/played-tap.ts";
import { PlayoutQueue } from "../playout/queue.ts";
import { Carried, type Numbering } from "./carried.ts";
import { Inbound } from "./inbound.ts";
import { jsonOf } from "./json.ts";
import type { ConnectionLink } from "./link.ts";

export interface MediaConnectionOptions
  extends Omit<PlayoutQueueOptions, "format" | "send" | "together" | "onProgress" | "onDrop" | "playback"> {
  readonly id: string;
  /** What the client called itself. */
  readonly label: string;
  readonly metadata: Metadata;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly playback: VoiceConnection["playback"];
  readonly logger: Logger;
  /** Caller audio held until there is a consumer, ms; what they say otherwise is held too. Default 2,000. */
  readonly holdInboundMs?: number | undefined;
  /** Give {@link VoiceConnection.onPlayed} silence too where nothing plays. Default false. */
  readonly playedSilence?: boolean | undefined;
  /** {@link VoiceConnection.dtmfEvents}, which every link of this connection can send. Default none. */
  readonly dtmfEvents?: string | undefined;
}

interface Events {
  readonly playback: PlaybackProgress;
}

/** A message for a client that is away; an application's own as text. */
type Held = ConnectionMessage | string;

/** Messages kept for a client that is away; the oldest go first. */
const MOST_HELD_MESSAGES = 100;
const SERVER_CLOSED: CloseReason = { code: "server_closed", message: "the server ended the connection" };

/**
 * The {@link VoiceConnection} of every transport: the playout queue, the listeners, and whatever link is under them just now.
 * It outlives its link: between {@link detach} and {@link attach} audio and messages are held, within bounds. So is what the client says
 * before anybody listens.
 */
export class MediaConnection implements VoiceConnection {
  readonly id: string;
  readonly label: string;
  readonly metadata: Metadata;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly dtmfEvents: string;
  readonly #queue: PlayoutQueue;
  readonly #inbound: Inbound;
  readonly #events: Emitter<Events>;
  readonly #logger: Logger;
  readonly #playedSilence: boolean;
  readonly #onClose = new Set<(reason: CloseReason) => void>();
  readonly #played = new Set<PlayedListener>();
  #tap: PlayedListener | undefined;
  #received: ((frame: AudioFrame) => void) | undefined;
  #link: ConnectionLink | undefined;
  #held: Held[] = [];
  #state: ConnectionMessage | undefined;
  #reason: CloseReason | undefined;
  #dropped = 0;
  #underruns: number | undefined;
  #carried: Carried | undefined;

  constructor(options: MediaConnectionOptions) {
    const { id, label, metadata, inbound, outbound, logger } = options;
    this.id = id;
    this.label = label;
    this.metadata = metadata;
    this.inbound = inbound;
    this.outbound = outbound;
    this.dtmfEvents = options.dtmfEvents ?? "";
    this.#logger = logger;
    this.#playedSilence = options.playedSilence ?? false;
    let overflowed = false;
    this.#inbound = new Inbound({
      maxHeldMs: options.holdInboundMs ?? 2_000,
      onError: (error, event) => logger.error({ event, connection: id, ...errorFields(error) }, "a listener failed"),
      onDrop: ({ type }) => {
        if (!overflowed) logger.warn({ connection: id, type }, "a client's messages are dropped: nobody listens");
        overflowed = true;
      },
    });
    this.#events = new Emitter<Events>((error, event) =>
      logger.error({ event, connection: id, ...errorFields(error) }, "a listener failed"),
    );
    this.#queue = new PlayoutQueue({
      ...options,
      format: outbound,
      send: (frame) => this.#link?.audio(frame) ?? false,
      together: (work) => (this.#link?.together ? this.#link.together(work) : work()),
      onProgress: (progress) => this.#events.emit("playback", progress),
      onDrop: (utterance, droppedMs) => {
        this.#dropped += droppedMs;
        logger.warn({ connection: id, utterance, droppedMs }, "outbound audio dropped: the queue is full");
      },
    });
    this.#queue.suspend();
  }

  get playback(): VoiceConnection["playback"] {
    return this.#queue.reports.believed ? "reported" : "estimated";
  }

  get closed(): boolean {
    return this.#reason !== undefined;
  }

  get queuedMs(): number {
    return this.#queue.queuedMs;
  }

  get quality(): ConnectionQuality {
    const [underruns, droppedMs] = [this.#underruns, this.#dropped];
    return { inbound: this.#link?.inbound, underruns, droppedMs, queuedMs: this.queuedMs };
  }

  onAudio(listener: (frame: AudioFrame) => void): Unsubscribe {
    return this.closed ? () => {} : this.#inbound.onAudio(listener);
  }

  duck(db: number): void {
    this.#queue.gain.set(db);
  }

  play(utterance: UtteranceId, frame: AudioFrame, options?: PlayOptions): void {
    this.#queue.play(utterance, frame, options);
  }

  playDtmf(utterance: UtteranceId, press: DtmfPress): void {
    if (this.dtmfEvents.includes(press.digit)) this.#queue.play(utterance, press);
  }

  endUtterance(utterance: UtteranceId): void {
    this.#queue.endUtterance(utterance);
  }

  writable(belowMs: number, signal: AbortSignal): Promise<void> {
    return this.#queue.writable(belowMs, signal);
  }

  clear(): HeardReport {
    if (this.closed) return { utterances: [] };
    const { report, number } = this.#queue.clear();
    this.#link?.clear(number);
    return report;
  }

  onPlayback(listener: (progress: PlaybackProgress) => void): Unsubscribe {
    for (const report of this.#carried?.reports ?? []) listener(report);
    return this.#events.on("playback", listener);
  }

  onPlayed(listener: PlayedListener): Unsubscribe {
    if (this.closed) return () => {};
    const entry: PlayedListener = (frame, startedAt, utterance) => listener(frame, startedAt, utterance);
    this.#played.add(entry);
    if (this.#played.size === 1) {
      this.#tap = (frame, startedAt, utterance) => {
        for (const each of [...this.#played]) this.#show(each, frame, startedAt, utterance);
      };
      this.#queue.tapPlayed(this.#tap, { silence: this.#playedSilence });
    }
    return () => {
      if (this.#played.delete(entry) && this.#played.size === 0) this.#queue.tapPlayed(undefined);
    };
  }

  send(message: ConnectionMessage): void {
    if (this.closed) return;
    if (message.type === "state") this.#state = message;
    if (this.#link) this.#link.message(message);
    else this.#hold(message);
  }

  /** Sends an application's message as it is. @throws RoomKitError `invalid_message` for what is no JSON. */
  sendRaw(message: Readonly<Record<string, unknown>>): void {
    const text = jsonOf(message);
    if (this.closed) return;
    if (this.#link) this.#link.raw(text);
    else this.#hold(text);
  }

  onInput(listener: (input: ConnectionInput) => void): Unsubscribe {
    return this.closed ? () => {} : this.#inbound.onInput(listener);
  }

  onClose(listener: (reason: CloseReason) => void): Unsubscribe {
    if (this.#reason) {
      this.#callClose(listener, this.#reason);
      return () => {};
    }
    const entry = (reason: CloseReason): void => listener(reason);
    this.#onClose.add(entry);
    return () => {
      this.#onClose.delete(entry);
    };
  }

  async close(reason: CloseReason = SERVER_CLOSED): Promise<void> {
    const link = this.#link;
    this.end(reason);
    await link?.close(reason);
  }

  // What the transport calls -------------------------------------------------------------------------------------------

  /** Wire number of an utterance, for messages that name it. */
  utteranceNumber(utterance: UtteranceId): number {
    return this.#queue.numbers.numberOf(utterance);
  }

  /** For another process, to {@link carryOn} with. */
  get numbering(): Numbering {
    const { lastNumber: last, playing } = this.#queue.numbers;
    return { last, playing };
  }

  /** For a client of another process: what that was playing is silenced, and counted as playback. @param numbering as it was kept; ignored when it is none */
  carryOn(numbering: unknown): void {
    this.#carried = Carried.of(numbering);
    if (this.#carried) this.#queue.numbers.startAfter(this.#carried.last);
  }

  /** A client is there: what was held goes out, audio flows. */
  attach(link: ConnectionLink): void {
    if (this.closed) return;
    this.#link = link;
    if (this.#carried) link.clear(this.#carried.last);
    const held = this.#held;
    this.#held = [];
    const tellsState = held.some((message) => typeof message !== "string" && message.type === "state");
    if (this.#state && !tellsState) this.#tell(link, this.#state);
    for (const message of held) this.#tell(link, message);
    this.#queue.resume();
  }

  /** The client is gone for now. */
  detach(): void {
    this.#link = undefined;
    this.#queue.suspend();
  }

  /** Audio came from the client. */
  receive(frame: AudioFrame): void {
    if (this.closed) return;
    this.#received?.(frame);
    this.#inbound.receive(frame);
  }

  /** Sees every frame before the consumer does: first, now, those that wait for one. It must not throw. */
  onReceived(listener: (frame: AudioFrame) => void): void {
    this.#received = listener;
    for (const frame of this.#inbound.heldAudio) listener(frame);
  }

  /** The client said something besides audio and playback. */
  input(input: ConnectionInput): void {
    this.#inbound.input(input);
  }

  /** The client reported playback, in samples at the outbound rate; `underruns`: how often it ran dry so far. */
  report(number: number, playedSamples: number, done: boolean, underruns?: number): void {
    this.#underruns = underruns ?? this.#underruns;
    const carried = this.#carried?.report(number, playedSamples / this.outbound.sampleRate, done);
    if (carried) this.#events.emit("playback", carried);
    else this.#queue.report(number, playedSamples, done);
  }

  /** The client plays nothing more of the utterances up to `number` that were cleared. */
  reportCleared(number: number): void {
    this.#queue.reportCleared(number);
  }

  /** What the client reported of playback cannot be true: `estimated`, until {@link report} is called again. */
  distrust(): void {
    this.#queue.reports.fail();
  }

  /** The connection is over and there is no link to tell: frees everything, then tells who listens. */
  end(reason: CloseReason): void {
    if (this.#reason) return;
    // Last progress first: what was heard must be known when the end is told.
    this.#queue.close();
    this.#reason = reason;
    this.#link = undefined;
    this.#held = [];
    this.#received = undefined;
    this.#inbound.close();
    this.#events.clear();
    this.#played.clear();
    const listeners = [...this.#onClose];
    this.#onClose.clear();
    for (const listener of listeners) this.#callClose(listener, reason);
  }

  /** A message the application cannot have written as JSON must not end a client that just came. */
  #tell(link: ConnectionLink, message: Held): void {
    try {
      if (typeof message === "string") link.raw(message);
      else link.message(message);
    } catch (error) {
      const type = typeof message === "string" ? "raw" : message.type;
      this.#logger.error({ connection: this.id, type, ...errorFields(error) }, "a held message could not be sent");
    }
  }

  #hold(message: Held): void {
    this.#held.push(message);
    if (this.#held.length > MOST_HELD_MESSAGES) this.#held.shift();
  }

  #show(listener: PlayedListener, frame: AudioFrame, startedAt: number, utterance: UtteranceId | undefined): void {
    try {
      listener(frame, startedAt, utterance);
    } catch (error) {
      this.#logger.error({ connection: this.id, ...errorFields(error) }, "a listener of played audio failed");
    }
  }

  #callClose(listener: (reason: CloseReason) => void, reason: CloseReason): void {
    try {
      listener(reason);
    } catch (error) {
      this.#logger.error({ connection: this.id, ...errorFields(error) }, "a close listener failed");
    }
  }
}
