import { randomBytes } from "node:crypto";
import type {
  AudioCodec,
  AudioFrame,
  Cancel,
  Clock,
  CloseReason,
  ConnectionMessage,
  Logger,
  Metadata,
  WebRTCPeer,
  WebRTCPeerStats,
} from "@roomkit/core";
import {
  type AudioSpecs,
  encodeAudioFrame,
  type ServerMessage,
  type StartMessage,
  serializeServerMessage,
} from "@roomkit/protocol";
import {
  type ConnectionLink,
  compatMessage,
  MediaConnection,
  PacingWheel,
  type PlayoutFrame,
  TrafficGuard,
  type TrafficLimits,
  v1Message,
} from "@roomkit/transport-utils";
import type { AudioReceiver } from "../media/audio-receiver.ts";
import type { AudioSender } from "../media/audio-sender.ts";
import type { JitterStats } from "../media/jitter-buffer.ts";
import { ClientMessages } from "./client-messages.ts";
import { ControlChannel } from "./control-channel.ts";
import type { SessionMedia } from "./session-media.ts";

/** Times that end a session, ms. */
export interface SessionTimes {
  readonly connectMs: number;
  readonly lostMs: number;
  /** Longest a session may last; undefined: any time. */
  readonly maximumMs: number | undefined;
}

export interface RtcSessionOptions {
  readonly id: string;
  readonly label: string;
  readonly metadata: Metadata;
  readonly peer: WebRTCPeer;
  readonly media: SessionMedia;
  readonly ssrc: number;
  /** Audio goes out as mu-law (compat) or PCM (v1) on the data channel instead of a track. */
  readonly dataChannelAudio: boolean;
  readonly mulaw: AudioCodec | undefined;
  /** The client asked for v1 in its offer. */
  readonly v1: boolean;
  readonly messageBytes: number;
  readonly times: SessionTimes;
  readonly traffic: TrafficLimits;
  readonly queue: { readonly maxFrames: number; readonly maxQueuedMs: number; readonly leadMs: number | undefined };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sees each frame of the caller before its consumer does. */
  readonly onFrame: (session: RtcSession, frame: AudioFrame) => void;
  /** The client is connected and can be given to the application. */
  readonly onReady: (session: RtcSession) => void;
  /** Everything of the session is gone. */
  readonly onEnded: (session: RtcSession, reason: CloseReason) => void;
}

/** Counters of one connection, all since its start. */
export interface ConnectionStats {
  readonly peer: WebRTCPeerStats;
  /** The caller's track; undefined when there is none. */
  readonly audio: (JitterStats & { readonly concealedMs: number }) | undefined;
  /** What of the caller's media was dropped, by reason. */
  readonly mediaDropped: Readonly<Record<string, number>>;
  /** Messages to the client that fell away. */
  readonly messagesDropped: number;
  /** Messages of the client of kinds this version does not know. */
  readonly unknownMessages: number;
}

/** Past this many bytes on the data channel no audio is added: what is sent cannot be taken back. */
const AUDIO_BUFFERED_BYTES = 65_536;
/** How far audio on a track runs ahead of the clock, ms; a browser's jitter buffer time-compresses more. */
const TRACK_LEAD_MS = 40;
/** A client with a data section is ready when a channel opened, or this long after it connected, ms. */
const CHANNEL_WAIT_MS = 1_000;
/** How long the farewell may take to leave, ms. */
const FAREWELL_MS = 150;
const LIVENESS_EVERY_MS = 1_000;
/** What the network held back may come at once, ms: the caller's words during a stall are worth hearing. */
const STALL_MS = 5_000;

/** One client's session: its peer, its audio in both directions, its messages, and what ends it. */
export class RtcSession implements ConnectionLink {
  readonly id: string;
  readonly label: string;
  readonly connection: MediaConnection;
  readonly #options: RtcSessionOptions;
  readonly #control: ControlChannel;
  readonly #messages: ClientMessages;
  readonly #receiver: AudioReceiver | undefined;
  readonly #sender: AudioSender | undefined;
  readonly #cancels: Cancel[] = [];
  #v1: boolean;
  #greeted = false;
  #ready = false;
  #ended = false;
  #closing: Promise<void> | undefined;
  #startedAt = 0;
  #received = 0;
  #aliveAt = 0;
  #checkedAt = 0;
  #dropped = new Map<string, number>();

  constructor(options: RtcSessionOptions) {
    this.#options = options;
    const { id, label, metadata, peer, media, clock, logger, times } = options;
    this.id = id;
    this.label = label;
    this.#v1 = options.v1;
    const wheel = PacingWheel.shared(clock);
    const reported = options.dataChannelAudio && options.v1;
    this.#sender = media.sender({
      ssrc: options.ssrc,
      firstSequence: randomBytes(2).readUInt16BE(0) >> 1,
      firstTimestamp: randomBytes(4).readUInt32BE(0),
      send: (packet) => peer.sendRtp(packet),
    });
    this.connection = new MediaConnection({
      id,
      label,
      metadata,
      inbound: media.inbound,
      outbound: media.outbound,
      playback: reported ? "reported" : "estimated",
      clock,
      logger,
      wheel,
      maxFrames: options.queue.maxFrames,
      maxQueuedMs: options.queue.maxQueuedMs,
      leadMs: options.queue.leadMs ?? (options.dataChannelAudio ? 200 : TRACK_LEAD_MS),
      wholeFrames: this.#sender !== undefined,
    });
    this.#receiver = media.receiver({
      onFrame: (frame) => this.#receive(frame),
      onDigit: (digit) => this.connection.input({ type: "dtmf", digit }),
      admit: (ms) => this.#messages.admitAudio(ms),
      onDrop: (reason) => this.#drop(reason),
    });
    this.#messages = new ClientMessages({
      guard: new TrafficGuard(clock, { audioBurstMs: STALL_MS, ...options.traffic }),
      messageBytes: options.messageBytes,
      v1: () => this.#v1,
      audioRate: this.#receiver ? undefined : media.inbound.sampleRate,
      mulaw: options.mulaw,
      onStart: (message) => this.#start(message),
      onPlayback: (utterance, samples, done) => this.connection.report(utterance, samples, done),
      onInput: (input) => this.connection.input(input),
      onAudio: (frame) => this.#receive(frame),
      reply: (message) => this.#control.send(serializeServerMessage(message)),
      onEnd: (code, message) => this.#fail(code, message),
    });
    this.#control = new ControlChannel({
      onMessage: (message) => {
        if (!this.#ended) this.#messages.receive(message);
      },
      onOpen: () => this.#becomeReady(),
    });
    this.connection.onClose((reason) => void this.close(reason));
    peer.onDataChannel((channel) => this.#control.add(channel));
    peer.onRtp((packet) => this.#receiver?.receive(packet, clock.now()));
    this.#cancels.push(
      clock.setTimeout(() => {
        if (peer.state !== "connected") this.#fail("connect_timeout", "the client did not connect in time");
      }, times.connectMs),
    );
    if (times.maximumMs !== undefined) {
      this.#cancels.push(
        clock.setTimeout(() => this.#fail("session_limit", "the session reached its longest time"), times.maximumMs),
      );
    }
    peer.onConnected(() => this.#connected());
    peer.onClosed((reason) => this.#end(reason));
  }

  /** Counters for the application's metrics. */
  get stats(): ConnectionStats {
    return {
      peer: this.#options.peer.stats,
      audio: this.#receiver?.stats,
      mediaDropped: Object.fromEntries(this.#dropped),
      messagesDropped: this.#control.dropped,
      unknownMessages: this.#messages.unknown,
    };
  }

  get peer(): WebRTCPeer {
    return this.#options.peer;
  }

  // ConnectionLink ------------------------------------------------------------------------------------------------------

  audio(frame: PlayoutFrame): boolean {
    const { clock, mulaw } = this.#options;
    if (this.#sender) return frame.samples.length === 0 || this.#sender.send(frame.samples, clock.now());
    if (!this.#control.open || this.#control.bufferedAmount > AUDIO_BUFFERED_BYTES) return false;
    if (this.#v1) {
      const { buffer, byteOffset, byteLength } = frame.samples;
      const audio = new Uint8Array(buffer, byteOffset, byteLength);
      return this.#control.trySend(
        encodeAudioFrame({ utterance: frame.number, offset: frame.offset, end: frame.end, audio }),
      );
    }
    if (frame.samples.length === 0 || !mulaw) return true;
    return this.#control.trySend(serializeServerMessage({ event: "media", audio: mulaw.encode(frame.samples) }));
  }

  message(message: ConnectionMessage): void {
    const { clock } = this.#options;
    const out: ServerMessage | undefined = this.#v1
      ? v1Message(message, {
          numberOf: (utterance) => this.connection.utteranceNumber(utterance),
          sinceMs: clock.now() - this.#startedAt,
        })
      : compatMessage(message, { speaking: true });
    if (out) this.#control.send(serializeServerMessage(out));
  }

  clear(number: number): void {
    this.#control.send(
      serializeServerMessage(this.#v1 ? { type: "clear", utterance: number } : { type: "clear_audio" }),
    );
  }

  /** Sends an application's message as it is. */
  sendRaw(message: Readonly<Record<string, unknown>>): void {
    this.#control.send(JSON.stringify(message));
  }

  close(reason: CloseReason): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: CloseReason): Promise<void> {
    const { peer, clock } = this.#options;
    if (peer.state === "connected" && !this.#ended && this.#control.open && reason.code !== "client_closed") {
      if (this.#v1) this.#control.send(serializeServerMessage({ type: "bye", reason: reason.code, resumable: false }));
      // The farewell and the closing of the channel must be on their way before the peer goes.
      this.#control.close();
      await clock.sleep(FAREWELL_MS);
    }
    await peer.close(reason);
  }

  // Life ------------------------------------------------------------------------------------------------------------------

  #connected(): void {
    const { clock } = this.#options;
    this.#startedAt = this.#aliveAt = this.#checkedAt = clock.now();
    this.#cancels.push(PacingWheel.shared(clock).subscribe((now) => this.#tick(now)));
    if (this.#control.open) this.#becomeReady();
    else this.#cancels.push(clock.setTimeout(() => this.#becomeReady(), CHANNEL_WAIT_MS));
  }

  #becomeReady(): void {
    if (this.#ready || this.#ended || this.peer.state !== "connected") return;
    this.#ready = true;
    if (this.#options.v1) this.#greet();
    this.connection.attach(this);
    this.#options.onReady(this);
  }

  #tick(now: number): void {
    this.#receiver?.tick(now);
    this.#sender?.idle(now);
    if (now - this.#checkedAt < LIVENESS_EVERY_MS) return;
    this.#checkedAt = now;
    const { received } = this.#options.peer.stats;
    if (received !== this.#received) {
      this.#received = received;
      this.#aliveAt = now;
    } else if (now - this.#aliveAt >= this.#options.times.lostMs)
      this.#fail("client_lost", "nothing came from the client any more");
  }

  #fail(code: string, message: string): void {
    this.close({ code, message }).catch((error: unknown) =>
      this.#options.logger.error({ error }, "a session did not close"),
    );
  }

  #end(reason: CloseReason): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const cancel of this.#cancels) cancel();
    this.#options.media.close();
    this.connection.end(reason);
    this.#options.onEnded(this, reason);
  }

  #drop(reason: string): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }

  #receive(frame: AudioFrame): void {
    this.#options.onFrame(this, frame);
    this.connection.receive(frame);
  }

  #start(message: StartMessage): void {
    if (message.protocol !== 1) return;
    this.#v1 = true;
    this.#greet();
  }

  /** The v1 answer to a hello, once. */
  #greet(): void {
    if (this.#greeted) return;
    this.#greeted = true;
    const { media, messageBytes } = this.#options;
    const audio: AudioSpecs = {
      send: { codec: "pcm16", sampleRate: media.inbound.sampleRate },
      receive: { codec: "pcm16", sampleRate: media.outbound.sampleRate },
    };
    const limits = {
      maxMessageBytes: messageBytes,
      messagesPerSecond: this.#options.traffic.messagesPerSecond ?? 100,
      idleMs: this.#options.times.lostMs,
      resumeMs: 0,
    };
    this.#control.send(
      serializeServerMessage({
        event: "ready",
        protocol: 1,
        session: this.id,
        resume: "",
        resumed: false,
        audio,
        limits,
      }),
    );
  }
}
