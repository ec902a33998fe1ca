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
} from "@roomkit/core";
import {
  type AudioSpecs,
  type ClientMessage,
  decodeAudioFrame,
  encodeAudioFrame,
  parseClientMessage,
  type ServerMessage,
  serializeServerMessage,
} from "@roomkit/protocol";
import {
  type ConnectionLink,
  compatMessage,
  connectionInput,
  MediaConnection,
  PacingWheel,
  type PlayoutFrame,
  TrafficGuard,
  type TrafficLimits,
  type Verdict,
  v1Message,
} from "@roomkit/transport-utils";
import type { AudioReceiver } from "../media/audio-receiver.ts";
import type { AudioSender } from "../media/audio-sender.ts";
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

/** Past this many bytes on the data channel no audio is added: what is sent cannot be taken back. */
const AUDIO_BUFFERED_BYTES = 65_536;
/** How far audio on a track runs ahead of the clock, ms; a browser's jitter buffer time-compresses more. */
const TRACK_LEAD_MS = 40;
/** A client with a data section is ready when a channel opened, or this long after it connected, ms. */
const CHANNEL_WAIT_MS = 1_000;
/** How long the farewell may take to leave, ms. */
const FAREWELL_MS = 150;
const LIVENESS_EVERY_MS = 1_000;

/** One client's session: its peer, its audio in both directions, its messages, and what ends it. */
export class RtcSession implements ConnectionLink {
  readonly id: string;
  readonly label: string;
  readonly connection: MediaConnection;
  readonly #options: RtcSessionOptions;
  readonly #control: ControlChannel;
  readonly #guard: TrafficGuard;
  readonly #receiver: AudioReceiver | undefined;
  readonly #sender: AudioSender | undefined;
  readonly #cancels: Cancel[] = [];
  #v1: boolean;
  #greeted = false;
  #ready = false;
  #ended = false;
  #startedAt = 0;
  #received = 0;
  #aliveAt = 0;
  #checkedAt = 0;
  #inboundSamples = 0;
  #unknownMessages = 0;
  #dropped = new Map<string, number>();

  constructor(options: RtcSessionOptions) {
    this.#options = options;
    const { id, label, metadata, peer, media, clock, logger, times } = options;
    this.id = id;
    this.label = label;
    this.#v1 = options.v1;
    this.#guard = new TrafficGuard(clock, options.traffic);
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
      admit: (ms) => this.#admitAudio(ms),
      onDrop: (reason) => this.#drop(reason),
    });
    this.#control = new ControlChannel({
      onMessage: (message) => this.#message(message),
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
  get stats(): Readonly<Record<string, unknown>> {
    return {
      ...this.#options.peer.stats,
      audio: this.#receiver?.stats,
      mediaDropped: Object.fromEntries(this.#dropped),
      messagesDropped: this.#control.dropped,
      unknownMessages: this.#unknownMessages,
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

  async close(reason: CloseReason): Promise<void> {
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

  // What the client sends ---------------------------------------------------------------------------------------------------

  #receive(frame: AudioFrame): void {
    this.#options.onFrame(this, frame);
    this.connection.receive(frame);
  }

  #admitAudio(ms: number): boolean {
    const verdict = this.#guard.audio(ms);
    this.#enforce(verdict, "audio came faster than real time");
    return verdict === "pass";
  }

  #enforce(verdict: Verdict, message: string): void {
    if (verdict === "close") this.#fail("rate_limited", message);
    else if (verdict === "warn" && this.#v1) {
      this.#control.send(serializeServerMessage({ type: "error", code: "rate_limited", message, retryable: true }));
    }
  }

  #message(message: string | Uint8Array): void {
    const { messageBytes } = this.#options;
    if (this.#ended) return;
    const verdict = this.#guard.message();
    this.#enforce(verdict, "too many messages");
    if (verdict !== "pass") return;
    if (typeof message !== "string") {
      this.#binary(message);
      return;
    }
    const parsed = parseClientMessage(message, { maxMessageBytes: messageBytes, maxDepth: 16, maxTextLength: 8_192 });
    if (parsed.ok) this.#handle(parsed.message);
    else if (parsed.code === "unknown_event") this.#unknownMessages++;
    else this.#malformed(parsed.message);
  }

  #malformed(message: string): void {
    if (this.#guard.malformed() === "close") this.#fail("protocol_error", "too many malformed messages");
    else if (this.#v1)
      this.#control.send(serializeServerMessage({ type: "error", code: "bad_message", message, retryable: false }));
  }

  #handle(message: ClientMessage): void {
    switch (message.event) {
      case "start":
        if (message.protocol === 1) {
          this.#v1 = true;
          this.#greet();
        }
        return;
      case "ping":
        this.#control.send(
          serializeServerMessage(
            this.#v1 ? { type: "pong", ...(message.t === undefined ? {} : { t: message.t }) } : { event: "pong" },
          ),
        );
        return;
      case "stop":
        this.#fail("client_closed", "the client ended the session");
        return;
      case "playback":
        this.connection.report(message.utterance, message.playedSamples, message.done ?? false);
        return;
      case "media":
        this.#audioBytes(message.audio);
        return;
      default: {
        const input = connectionInput(message);
        if (input) this.connection.input(input);
      }
    }
  }

  #binary(data: Uint8Array): void {
    const decoded = decodeAudioFrame(data, { maxMessageBytes: this.#options.messageBytes });
    if (!decoded.ok || !this.#v1) {
      this.#malformed("binary messages are audio frames of v1");
      return;
    }
    this.#audioBytes(decoded.frame.audio);
  }

  /** Audio on the data channel counts only where no track brings it. */
  #audioBytes(bytes: Uint8Array): void {
    const { mulaw, media } = this.#options;
    if (this.#receiver) {
      this.#drop("data_audio_beside_track");
      return;
    }
    const { sampleRate } = media.inbound;
    if (this.#v1 && bytes.length % 2 !== 0) {
      this.#malformed("16-bit samples have two bytes each");
      return;
    }
    // A copy: samples must stand at even addresses, and belong to whoever is given them.
    const samples = this.#v1 ? new Int16Array(Uint8Array.from(bytes).buffer) : mulaw?.decode(bytes);
    if (!samples || samples.length === 0 || !this.#admitAudio((samples.length * 1000) / sampleRate)) return;
    const timestamp = (this.#inboundSamples * 1000) / sampleRate;
    this.#inboundSamples += samples.length;
    this.#receive({ samples, sampleRate, channels: 1, timestamp });
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
