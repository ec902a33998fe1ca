import {
  type AudioFrame,
  afterSilence,
  type Cancel,
  type CloseReason,
  errorFields,
  type Metadata,
} from "@roomkit/core";
import type { StartMessage } from "@roomkit/protocol";
import { byeFor, MediaConnection, PacingWheel, TrafficGuard } from "@roomkit/transport-utils";
import type { MediaCall, MediaStats } from "../host/media-host.ts";
import type { TransportSettings } from "../transport/settings.ts";
import { ClientLink } from "./client-link.ts";
import { ClientMessages } from "./client-messages.ts";
import { ControlChannel } from "./control-channel.ts";
import { TrackPlayout } from "./track-playout.ts";

export interface RtcSessionOptions {
  readonly id: string;
  readonly label: string;
  readonly metadata: Metadata;
  readonly call: MediaCall;
  /** Of the transport. */
  readonly settings: Pick<TransportSettings, "mulaw" | "leadMs" | "playedSilence" | "limits" | "clock" | "logger">;
  /** The client asked for v1 in its offer. */
  readonly v1: boolean;
  /** A connection this client comes back to, instead of a new one. */
  readonly resumed?: { readonly connection: MediaConnection; readonly startedAt: number } | undefined;
  /** A token with which a later client continues this one's connection. */
  readonly issueToken: (session: RtcSession) => string;
  /** The client is connected and can be given to the application. False when a connection it came back to is over. */
  readonly onReady: (session: RtcSession) => boolean;
  /** A v1 client is gone without a word; true when its connection waits for it. */
  readonly onLost: (session: RtcSession) => boolean;
  /** Everything of the session is gone. */
  readonly onEnded: (session: RtcSession, reason: CloseReason) => void;
}

/** Counters of one connection, all since its start. */
export interface ConnectionStats extends MediaStats {
  /** Messages to the client that fell away. */
  readonly messagesDropped: number;
  /** Messages of the client of kinds this version does not know. */
  readonly unknownMessages: number;
}

/** How far audio on a track runs ahead of the clock, ms; a browser's jitter buffer time-compresses more. */
const TRACK_LEAD_MS = 40;
/** A client that says how far its track was played does so five times a second, in a page that is not shown once. */
const REPORTS_WITHIN_MS = 2_000;
/** A client with a data section is ready when a channel opened, or this long after it connected, ms. */
const CHANNEL_WAIT_MS = 1_000;
/** How long the farewell may take to leave, ms. */
const FAREWELL_MS = 150;
const LIVENESS_EVERY_MS = 1_000;

/** One client's session: its peer, its audio in both directions, its messages, and what ends it. */
export class RtcSession {
  readonly id: string;
  readonly label: string;
  readonly connection: MediaConnection;
  /** When its connection began, ms on the clock. */
  readonly startedAt: number;
  readonly #options: RtcSessionOptions;
  readonly #control: ControlChannel;
  readonly #link: ClientLink;
  readonly #messages: ClientMessages;
  readonly #cancels: Cancel[] = [];
  #greeted = false;
  #ready = false;
  #ended = false;
  #closing: Promise<void> | undefined;
  /** The server or the client ends this on purpose: nobody will come back. */
  #leaving = false;
  #received = 0;
  #aliveAt = 0;
  #stopWatching: Cancel = () => {};

  constructor(options: RtcSessionOptions) {
    this.#options = options;
    const { id, label, metadata, call } = options;
    const { mulaw, leadMs, playedSilence, limits, clock, logger } = options.settings;
    this.id = id;
    this.label = label;
    const wheel = PacingWheel.shared(clock);
    // Without a track audio takes the data channel, and a v1 client says what it has played of it.
    const reported = !call.sends && options.v1;
    this.startedAt = options.resumed?.startedAt ?? clock.now();
    this.connection =
      options.resumed?.connection ??
      new MediaConnection({
        id,
        label,
        metadata,
        inbound: call.inbound,
        outbound: call.outbound,
        playback: reported ? "reported" : "estimated",
        ...(call.sends ? { reportsWithinMs: REPORTS_WITHIN_MS } : {}),
        clock,
        logger,
        wheel,
        maxFrames: limits.audioQueueMaxSize,
        maxQueuedMs: limits.audioQueueMaxMs,
        leadMs: leadMs ?? (call.sends ? TRACK_LEAD_MS : 200),
        wholeFrames: call.sends,
        playedSilence,
        dtmfEvents: call.dtmfEvents,
        resumable: reported,
      });
    const playout = call.sends ? new TrackPlayout(call, this.connection) : undefined;
    this.#messages = new ClientMessages({
      guard: new TrafficGuard(clock, limits),
      messageBytes: limits.maxMessageBytes,
      v1: () => this.#link.v1,
      audioRate: call.receives ? undefined : call.inbound.sampleRate,
      mulaw,
      onStart: (message) => this.#start(message),
      onPlayback: (...report) => this.connection.report(...report),
      onPlayout: (message) => {
        if (this.#ready) playout?.report(message);
      },
      onInput: (input) => this.connection.input(input),
      onAudio: (frame) => this.#receive(frame),
      reply: (message) => this.#link.say(message),
      onEnd: (code, message) => this.#fail(code, message),
    });
    this.#control = new ControlChannel({
      onMessage: (message) => {
        if (!this.#ended) this.#messages.receive(message);
      },
      onOpen: () => this.#becomeReady(),
    });
    this.#link = new ClientLink(
      {
        control: this.#control,
        track: call.sends ? call : undefined,
        inbound: () => call.stats.audio,
        onTracked: (frame) => playout?.sent(frame),
        mulaw,
        clock,
        startedAt: this.startedAt,
        utteranceNumber: (utterance) => this.connection.utteranceNumber(utterance),
        close: (reason) => this.close(reason),
      },
      options.v1,
    );
    this.#cancels.push(this.connection.onClose((reason) => void this.close(reason)));
    call.onDataChannel((channel) => this.#control.add(channel));
    call.onAudio((frame) => this.#receive(frame));
    call.onDigit((digit) => this.connection.input({ type: "dtmf", digit }));
    call.onExcess((verdict) => this.#messages.excessAudio(verdict));
    this.#cancels.push(
      clock.setTimeout(() => {
        if (call.state !== "connected") this.#fail("connect_timeout", "the client did not connect in time");
      }, limits.connectTimeoutMs),
    );
    if (limits.maxSessionMs > 0) {
      this.#cancels.push(
        clock.setTimeout(
          () => this.#fail("session_limit", "the session reached its longest time"),
          limits.maxSessionMs,
        ),
      );
    }
    call.onConnected(() => this.#connected());
    call.onClosed((reason) => this.#end(reason));
  }

  /** Counters for the application's metrics. */
  get stats(): ConnectionStats {
    return {
      ...this.call.stats,
      messagesDropped: this.#control.dropped,
      unknownMessages: this.#messages.unknown,
    };
  }

  get call(): MediaCall {
    return this.#options.call;
  }

  /** Whether the client speaks v1. */
  get v1(): boolean {
    return this.#link.v1;
  }

  close(reason: CloseReason): Promise<void> {
    this.#leaving ||= reason.code !== "client_lost";
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: CloseReason): Promise<void> {
    const { call, settings } = this.#options;
    if (call.state === "connected" && !this.#ended && this.#control.open && reason.code !== "client_closed") {
      if (this.#link.v1) this.#link.say(byeFor(reason));
      // The farewell and the closing of the channel must be on their way before the call goes.
      this.#control.close();
      await settings.clock.sleep(FAREWELL_MS);
    }
    await call.close(reason);
  }

  // Life ------------------------------------------------------------------------------------------------------------------

  #connected(): void {
    const { clock } = this.#options.settings;
    this.#aliveAt = clock.now();
    this.#watch();
    if (this.#control.open) this.#becomeReady();
    else this.#cancels.push(clock.setTimeout(() => this.#becomeReady(), CHANNEL_WAIT_MS));
  }

  #becomeReady(): void {
    if (this.#ready || this.#ended || this.call.state !== "connected") return;
    this.#ready = true;
    if (!this.#options.onReady(this)) {
      this.#fail("resume_expired", "the session this client came back to is over");
      return;
    }
    if (this.#options.v1) this.#greet();
    this.connection.attach(this.#link);
  }

  /** Another peer of the client has taken the connection over: this one goes without it. */
  supersede(): void {
    this.#ended = true;
    this.#release({ code: "resumed_elsewhere", message: "the client continues on another peer" });
    this.call.close().catch(() => {});
  }

  /** Looks for signs of life, again and again. */
  #watch(): void {
    const { clock, limits } = this.#options.settings;
    this.#stopWatching = afterSilence(clock, LIVENESS_EVERY_MS, () => {
      const { received } = this.call.stats.peer;
      if (received !== this.#received) {
        this.#received = received;
        this.#aliveAt = clock.now();
      } else if (clock.now() - this.#aliveAt >= limits.idleTimeoutMs) {
        this.#fail("client_lost", "nothing came from the client any more");
        return;
      }
      this.#watch();
    });
  }

  #fail(code: string, message: string): void {
    this.close({ code, message }).catch((error: unknown) =>
      this.#options.settings.logger.error(errorFields(error), "a session did not close"),
    );
  }

  #end(reason: CloseReason): void {
    if (this.#ended) return;
    this.#ended = true;
    const { resumed, onLost } = this.#options;
    // One that came back and never got to work leaves the connection as it was: waiting.
    const waits = this.#ready ? this.#link.v1 && !this.#leaving && onLost(this) : resumed !== undefined;
    this.#release(reason);
    if (!waits) this.connection.end(reason);
  }

  #release(reason: CloseReason): void {
    this.#stopWatching();
    for (const cancel of this.#cancels) cancel();
    this.#options.onEnded(this, reason);
  }

  #receive(frame: AudioFrame): void {
    // The connection it comes back to is not its own yet.
    if (!this.#ready && this.#options.resumed) return;
    this.connection.receive(frame);
  }

  #start(message: StartMessage): void {
    if (message.protocol !== 1 || !this.#ready) return;
    this.#link.v1 = true;
    this.#greet();
  }

  /** The v1 answer to a hello, once. */
  #greet(): void {
    if (this.#greeted) return;
    this.#greeted = true;
    const { call, issueToken, resumed, settings } = this.#options;
    const { maxMessageBytes, messagesPerSecond, idleTimeoutMs, resumeMs } = settings.limits;
    this.#link.greet({
      session: this.id,
      resume: issueToken(this),
      resumed: resumed !== undefined,
      inbound: call.inbound,
      outbound: call.outbound,
      limits: {
        maxMessageBytes,
        messagesPerSecond,
        idleMs: idleTimeoutMs,
        resumeMs,
      },
    });
  }
}
