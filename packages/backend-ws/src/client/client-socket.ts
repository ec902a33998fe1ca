import type { Duplex } from "node:stream";
import { type Cancel, type CloseReason, errorFields } from "@roomkit/core";
import {
  type ClientMessage,
  CloseCode,
  decodeAudioFrame,
  type ParseErrorCode,
  type ParseResult,
  parseClientMessage,
  parseMediaBytes,
  type StartMessage,
  serializeServerMessage,
} from "@roomkit/protocol";
import { connectionInput, TrafficGuard, type Verdict } from "@roomkit/transport-utils";
import type { AcceptContext } from "../options.ts";
import type { Hub } from "../sessions/hub.ts";
import type { LiveSession, SessionClient } from "../sessions/live-session.ts";
import { Liveness } from "../socket/liveness.ts";
import { SocketPort } from "../socket/port.ts";
import type { WebSocketLike } from "../socket/websocket-like.ts";
import { PhoneLink } from "../telephone/phone-link.ts";
import { coderFor, type Dialect, dialectOf, type SampleCoder } from "./formats.ts";
import { InboundStream } from "./inbound-stream.ts";
import { SamplePace } from "./sample-pace.ts";
import { resumeSession, type Started, startSession } from "./start.ts";

/** Closed on purpose by the client: 1000, 1001 (it went elsewhere), 1005 (no code given). All else may be an accident. */
const DELIBERATE = new Set([1000, 1001, 1005]);

/** Refusals after which it may try again. */
const AGAIN = new Set(["draining", "takeover_failed"]);

/**
 * One client's socket from the first byte to the last: `opening` until its `start`, `starting` while the application makes the
 * session, `live`, `over`. Whatever the client does ends at worst with its own connection closed for a stated reason.
 */
export class ClientSocket implements SessionClient {
  readonly #hub: Hub;
  readonly #context: AcceptContext;
  readonly #port: SocketPort;
  readonly #liveness: Liveness;
  readonly #guard: TrafficGuard;
  readonly #starting = new AbortController();
  #phase: "opening" | "starting" | "live" | "over" = "opening";
  #cancelStart: Cancel | undefined;
  #heard = false;
  #dialect: Dialect = "compat";
  #started: Started | undefined;
  #coder: SampleCoder | undefined;
  #stream: InboundStream | undefined;
  #pace: SamplePace | undefined;

  constructor(hub: Hub, socket: WebSocketLike, context: AcceptContext & { readonly network: Duplex | undefined }) {
    const { clock, settings } = hub;
    this.#hub = hub;
    this.#context = context;
    this.#guard = new TrafficGuard(clock, settings.trafficLimits);
    this.#port = new SocketPort(socket, {
      clock,
      hardBufferBytes: settings.hardBufferBytes,
      network: context.network,
      handlers: {
        text: (text) => this.#guarded(this.#onText, text),
        binary: (bytes) => this.#guarded(this.#onBinary, bytes),
        // Pings cost as much as other messages.
        pinged: () => void this.#admit(this.#guard.message()),
        alive: () => this.#liveness.alive(),
        gone: (code) => this.#onGone(code),
        overflow: () => this.#finish({ code: "slow_consumer", message: "the client does not read what it is sent" }),
      },
    });
    this.#liveness = new Liveness({
      clock,
      heartbeatMs: settings.heartbeatMs,
      idleTimeoutMs: settings.idleTimeoutMs,
      ping: this.#port.ping,
      onLost: (code) => this.#onLost(code),
    });
    const late = (): void => this.#refuse("start_timeout", CloseCode.START_TIMEOUT);
    this.#cancelStart = clock.setTimeout(late, settings.startTimeoutMs);
  }

  /** Resolves when the socket is closed. */
  close(reason: CloseReason, code: number): Promise<void> {
    this.#finish(reason);
    return this.#port.close(code, reason.code);
  }

  supersede(): void {
    this.#started = undefined;
    this.#over();
    void this.#port.close(CloseCode.RESUMED_ELSEWHERE, "resumed_elsewhere");
  }

  bye(reason: CloseReason): void {
    this.#started?.link?.bye(reason);
  }

  /** Nothing a client sends may end more than its own connection, not even through a mistake of ours. */
  #guarded<T>(work: (this: this, what: T) => void, what: T): void {
    try {
      work.call(this, what);
    } catch (error) {
      this.#hub.logger.error(errorFields(error), "a client's message could not be handled");
      void this.close({ code: "internal", message: "the message could not be handled" }, CloseCode.SERVER_ERROR);
    }
  }

  // What comes in --------------------------------------------------------------------------------------------------------

  /** Nearly all that comes is audio; as bytes it is read where it lies. */
  #onText(text: string | Buffer): void {
    if (!this.#admit(this.#guard.message())) return;
    const { messageLimits } = this.#hub.settings;
    const asBytes = typeof text !== "string" && this.#phase !== "opening";
    const media = asBytes ? parseMediaBytes(text, messageLimits) : undefined;
    if (media) this.#onMessage(media);
    else this.#onParsed(parseClientMessage(text.toString(), messageLimits));
  }

  #onParsed(result: ParseResult<ClientMessage>): void {
    if (!result.ok) {
      this.#onMalformed(result.code, result.message);
      return;
    }
    const { message } = result;
    switch (message.event) {
      case "ping":
        this.#pong(message.t);
        return;
      case "stop":
        void this.close({ code: "client_closed", message: "the client said stop" }, CloseCode.NORMAL);
        return;
      case "connected":
        return;
      case "mark":
        if (this.#started?.link instanceof PhoneLink) this.#started.link.marked(message.name);
        return;
      case "start":
        this.#onStart(message);
        return;
      default:
        if (this.#phase === "opening") {
          this.#violation("start_expected");
          return;
        }
        this.#onMessage(message);
    }
  }

  #onMessage(message: ClientMessage): void {
    if (message.event === "media") {
      if (message.sequenceNumber !== undefined && !this.#stream?.inSequence(message.sequenceNumber)) return;
      this.#onAudio(message.audio);
      return;
    }
    if (message.event === "playback") {
      const { utterance, playedSamples, done = false, underruns } = message;
      this.#started?.connection.report(utterance, playedSamples, done, underruns);
      return;
    }
    const input = connectionInput(message);
    if (input) this.#started?.connection.input(input);
  }

  #onBinary(bytes: Uint8Array): void {
    if (!this.#admit(this.#guard.message())) return;
    if (this.#phase === "opening") {
      this.#violation("start_expected");
      return;
    }
    if (this.#dialect !== "v1") {
      this.#onMalformed("bad_message", "this dialect has no binary messages");
      return;
    }
    const result = decodeAudioFrame(bytes, this.#hub.settings.messageLimits);
    if (result.ok) this.#onAudio(result.frame.audio, result.frame.offset);
    else this.#onMalformed(result.code, result.message);
  }

  #onAudio(bytes: Uint8Array, offset?: number): void {
    const { connection } = this.#started ?? {};
    const stream = this.#stream;
    if (!connection || !stream || bytes.length === 0) return;
    const samples = this.#coder?.decode(bytes);
    if (!samples) {
      this.#onMalformed("bad_audio", "16-bit samples have an even number of bytes");
      return;
    }
    if (!this.#admit(this.#guard.audio((samples.length / connection.inbound.sampleRate) * 1000))) {
      stream.skip(samples.length);
      return;
    }
    const frame = stream.frame(samples, offset);
    if (!frame) return;
    this.#pace?.came(frame.samples.length, this.#hub.clock.now());
    connection.receive(frame);
  }

  #onOtherRate(sent: number, agreed: number): void {
    const session = this.#started?.live?.session.id;
    this.#hub.logger.warn({ session, sent, agreed }, "a client sends audio at another rate than was agreed");
    this.#complain("wrong_sample_rate", `you send ${sent} Hz, the session is ${agreed} Hz`, false);
  }

  #onMalformed(code: ParseErrorCode, message: string): void {
    if (code === "message_too_large") {
      void this.close({ code: "protocol_error", message }, CloseCode.TOO_BIG);
      return;
    }
    if (code === "bad_id" && this.#phase === "opening") {
      this.#violation("bad_id");
      return;
    }
    const verdict = this.#guard.malformed();
    if (verdict === "close") {
      this.#violation("too_many_bad_messages");
      return;
    }
    // The seed's clients may say what this server does not know; that is counted and otherwise ignored.
    if (code === "unknown_event" && this.#dialect !== "v1") return;
    this.#complain("bad_message", message, false);
  }

  /** Whether a message may be read; otherwise does what the guard demands. */
  #admit(verdict: Verdict): boolean {
    // It says something behind its answer, so that has reached it.
    if (!this.#heard && this.#started?.live) this.#hub.desk.confirm(this.#started.live);
    this.#heard ||= this.#started?.live !== undefined;
    if (verdict === "pass") return this.#phase !== "over";
    if (verdict === "warn") this.#complain("rate_limited", "too much at once: some of it is dropped", true);
    if (verdict === "close") {
      void this.close({ code: "rate_limited", message: "the client sent too much for too long" }, CloseCode.POLICY);
    }
    return false;
  }

  // Start and end --------------------------------------------------------------------------------------------------------

  #onStart(start: StartMessage): void {
    if (this.#phase !== "opening") {
      this.#violation("second_start");
      return;
    }
    this.#dialect = dialectOf(start);
    this.#cancelStart?.();
    this.#phase = "starting";
    const token = this.#dialect === "v1" ? start.resume : undefined;
    const resumed = token === undefined ? undefined : this.#hub.desk.take(token);
    if (resumed) {
      const started = resumeSession(this.#hub, resumed, this.#port, this);
      this.#use(started, started.live as LiveSession);
      return;
    }
    // Its own errors become refusals; nothing of it rejects.
    void startSession(this.#hub, start, this.#context, {
      port: this.#port,
      client: this,
      signal: this.#starting.signal,
      prepared: (started) => this.#prepare(started),
      refuse: (code, closeCode, facts) => this.#refuse(code, closeCode, facts),
      live: (started, live) => {
        this.#phase = "live";
        started.live = live;
      },
    });
  }

  /** The connection is there, so audio has somewhere to go while the session is still being made. */
  #prepare(started: Started): void {
    const { audio, connection } = started;
    this.#started = started;
    this.#coder = coderFor(audio.send, this.#hub.settings.codec);
    const { sampleRate } = connection.inbound;
    this.#stream = new InboundStream(sampleRate, this.#hub.clock.now() - started.startedAt);
    this.#pace = new SamplePace(sampleRate, (sent) => this.#onOtherRate(sent, sampleRate));
  }

  #use(started: Started, live: LiveSession): void {
    this.#prepare(started);
    started.live = live;
    this.#phase = "live";
  }

  /** Ends this client's part: its connection ends for `reason`. */
  #finish(reason: CloseReason): void {
    if (this.#phase === "over") return;
    const { connection, link } = this.#started ?? {};
    this.#over();
    link?.bye(reason);
    connection?.end(reason);
  }

  #over(): void {
    this.#phase = "over";
    this.#cancelStart?.();
    this.#liveness.stop();
    this.#starting.abort();
  }

  #onLost(code: "client_lost" | "idle_timeout"): void {
    if (code === "client_lost") {
      this.#port.terminate();
      return;
    }
    void this.close({ code, message: "nothing came from the client for too long" }, CloseCode.POLICY);
  }

  #onGone(code: number): void {
    const { live, connection } = this.#started ?? {};
    const [wasLive, over] = [this.#phase === "live", this.#phase === "over"];
    this.#over();
    this.#context.onGone?.();
    if (over || !connection || connection.closed) return;
    if (live && wasLive && this.#dialect === "v1" && !DELIBERATE.has(code)) {
      live.client = undefined;
      if (this.#hub.desk.suspend(live)) return;
    }
    const deliberate = DELIBERATE.has(code);
    connection.end({
      code: deliberate ? "client_closed" : "client_lost",
      message: deliberate ? "the client closed its socket" : "the client's socket broke",
    });
  }

  // What goes out --------------------------------------------------------------------------------------------------------

  #pong(t: number | undefined): void {
    if (this.#dialect !== "v1") this.#port.send(serializeServerMessage({ event: "pong" }));
    else this.#port.send(serializeServerMessage(t === undefined ? { type: "pong" } : { type: "pong", t }));
  }

  #complain(code: string, message: string, retryable: boolean): void {
    this.#port.send(serializeServerMessage({ type: "error", code, message, retryable }));
  }

  #violation(code: string): void {
    this.#refuse(code, CloseCode.POLICY);
  }

  /** Says why and closes. */
  #refuse(code: string, closeCode: number, facts: Readonly<Record<string, unknown>> = {}): void {
    if (this.#phase === "over") return;
    this.#hub.registry.refusals.note(code);
    if (this.#dialect === "v1") this.#complain(code, "the connection is refused", AGAIN.has(code));
    else this.#port.send(serializeServerMessage({ status: "failed", meta: { ...facts, error: code } }));
    this.#finish({ code: "protocol_error", message: code });
    void this.#port.close(closeCode, code);
  }
}
