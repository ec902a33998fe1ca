import type { PlaybackMessage, ReadyMessage, V1ClientMessage, V1ServerMessage } from "@roomkit/protocol";
import { abortedError, unlessAborted } from "../abort.ts";
import type { AudioIO } from "../browser/audio-io.ts";
import { listDevices } from "../browser/microphone.ts";
import { VoiceClientError } from "../errors.ts";
import type { CallState, CallStats, VoiceClientEvents } from "../events.ts";
import type { ResolvedOptions } from "../options.ts";
import type { PlaybackReport } from "../playback/player.ts";
import type { Transport, TransportStats } from "../transport/transport.ts";
import type { PlaybackStats } from "../worklets/messages.ts";
import { type AttemptOptions, Link } from "./link.ts";
import { askToken } from "./token.ts";

const STATS_EVERY_MS = 1_000;
/** Utterances whose last report is kept while there is no connection. */
const MAX_UNSENT_REPORTS = 64;
/** And while there is one: what was sent last may never have arrived. */
const MAX_SENT_REPORTS = 4;

export interface CallHandlers {
  emit<K extends keyof VoiceClientEvents>(event: K, payload: VoiceClientEvents[K]): void;
  onState(state: CallState): void;
  /** The call is over, though `close` was not called. */
  onEnd(reason: string, error: VoiceClientError | undefined): void;
}

export interface OpenOptions {
  readonly inputDevice: string | undefined;
  readonly outputDevice: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** One call from dialling to hanging up: joins the line to the server with the page's ears and mouth. */
export class Call {
  readonly audio: AudioIO;
  readonly #options: ResolvedOptions;
  readonly #handlers: CallHandlers;
  readonly #link: Link;
  readonly #abort = new AbortController();
  readonly #unwatch: () => void;
  #muted = false;
  #inputDb = -60;
  #playback: PlaybackStats | undefined;
  /** Offset of the first frame since `ready`: what the server counts from. */
  #firstOffset: number | undefined;
  #sentFrames = 0;
  #droppedFrames = 0;
  /** The last report of the newest utterances. */
  readonly #reports = new Map<number, PlaybackMessage>();
  #cancelStats: (() => void) | undefined;

  constructor(options: ResolvedOptions, handlers: CallHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    const { environment, reconnect, connectTimeoutMs, pingEveryMs, deadAfterMs } = options;
    const { clock, page, random } = environment;
    this.audio = environment.audio({
      onFrame: (offset, samples) => this.#sendFrame(offset, samples),
      onInputLevel: (db) => {
        this.#inputDb = db;
      },
      onOutputLevel: (db, stats) => {
        this.#playback = stats;
        handlers.emit("level", { input: this.#inputDb, output: db, muted: this.#muted });
      },
      onReport: (report, underruns) => this.#sendReport(report, underruns),
      onBlocked: (blocked) => handlers.emit("autoplay-blocked", { blocked, resume: () => this.audio.resume() }),
      onMicrophoneLost: (error) => handlers.emit("error", VoiceClientError.from(error, "microphone_lost")),
      onDevices: () => {
        listDevices().then(
          (devices) => handlers.emit("devices", devices),
          () => {},
        );
      },
    });
    this.#link = new Link({
      makeTransport: (how) => this.#makeTransport(how),
      handlers: {
        onUp: (ready, transport) => this.#up(ready, transport),
        onDown: () => handlers.onState("reconnecting"),
        onQuiet: () => this.#measure(),
        onMessage: (message) => this.#receive(message),
        onAudio: (audio) => this.audio.play(audio),
        onStream: (stream) => this.audio.playStream(stream),
        onEnd: (reason, error) => this.#end(reason, error),
      },
      reconnect,
      connectTimeoutMs,
      pingEveryMs,
      deadAfterMs,
      clock,
      page,
      random,
    });
    // The page may be shown again as it was left.
    this.#unwatch = page.onLeave(() => this.#end("client_closed", undefined));
  }

  get connected(): boolean {
    return this.#link.transport !== undefined;
  }

  /** @throws VoiceClientError; everything is released then. */
  async open({ inputDevice, outputDevice, signal }: OpenOptions): Promise<void> {
    const abort = (): void => this.#abort.abort(VoiceClientError.from(signal?.reason, "aborted"));
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    try {
      this.#abort.signal.throwIfAborted();
      // Started before anything is awaited: the click that led here is what lets the page make sound.
      const ears = Promise.all([this.audio.start(), this.#openMicrophone(inputDevice)]);
      // A person may take a minute over the browser's question, or never answer it.
      await unlessAborted(ears, this.#abort.signal);
      if (outputDevice !== undefined) await this.#useOutput(outputDevice);
      await this.#link.open(this.#abort.signal);
    } catch (error) {
      const cause = this.#abort.signal.aborted ? this.#abort.signal.reason : error;
      await this.close().catch(() => {});
      throw VoiceClientError.from(cause, "connection_failed");
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  send(message: V1ClientMessage): void {
    this.#link.send(message);
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.audio.setMuted(muted);
    this.send({ event: "mute", muted });
  }

  async close(): Promise<void> {
    this.#abort.abort(new VoiceClientError("aborted", "the call was ended"));
    this.#unwatch();
    this.#cancelStats?.();
    this.send({ event: "stop" });
    this.#link.close();
    await this.audio.close();
  }

  #end(reason: string, error: VoiceClientError | undefined): void {
    this.close().catch(() => {});
    this.#handlers.onEnd(reason, error);
  }

  async #openMicrophone(deviceId: string | undefined): Promise<void> {
    const { microphone } = this.#options;
    if (microphone === undefined) return;
    const { deviceId: _default, ...others } = microphone;
    try {
      await this.audio
        .openMicrophone(deviceId === undefined ? others : { ...others, deviceId })
        .catch((error: unknown) => {
          // A device chosen in an earlier call that is not plugged in today: the system's own is better than none.
          const gone =
            deviceId !== undefined && error instanceof VoiceClientError && error.code === "microphone_not_found";
          if (!gone || this.#abort.signal.aborted) throw error;
          return this.audio.openMicrophone(others);
        });
    } catch (error) {
      if (!microphone.optional || this.#abort.signal.aborted) throw error;
      this.#handlers.emit("error", VoiceClientError.from(error, "microphone_not_found"));
    }
  }

  /** A speaker that cannot be used is no reason not to call. */
  async #useOutput(deviceId: string): Promise<void> {
    try {
      await this.audio.setOutputDevice(deviceId);
    } catch (error) {
      this.#handlers.emit("error", VoiceClientError.from(error, "unsupported"));
    }
  }

  async #makeTransport({ resume, handlers, signal }: AttemptOptions): Promise<Transport> {
    const { url, query, token, tokenIn, audio, client, environment } = this.#options;
    const given = await askToken(token, signal);
    if (signal.aborted) throw abortedError(signal);
    return await this.#options.makeTransport({
      url,
      query: new Map(Object.entries(tokenIn === "query" && given !== undefined ? { ...query, token: given } : query)),
      token: tokenIn === "query" ? undefined : given,
      audio,
      resume,
      client,
      handlers,
      clock: environment.clock,
    });
  }

  #up(ready: ReadyMessage, transport: Transport): void {
    const { send, receive } = ready.audio;
    const { name, media, receivesFrames } = transport;
    this.#firstOffset = undefined;
    if (!ready.resumed) this.#reports.clear();
    const rates = media === "frames" ? { send: send.sampleRate, receive: receive.sampleRate } : {};
    this.audio.setRates(receivesFrames ? { ...rates, receive: receive.sampleRate } : rates, !ready.resumed);
    if (media === "stream") {
      transport.sendStream?.(this.audio.outgoingStream()).catch((error: unknown) => {
        this.#handlers.emit("error", VoiceClientError.from(error, "protocol_error"));
      });
    }
    for (const report of this.#reports.values()) transport.send(report);
    // Also that it is not: the server keeps what it was told before the connection broke.
    if (this.#muted || ready.resumed) transport.send({ event: "mute", muted: this.#muted });
    this.#cancelStats?.();
    this.#scheduleStats();
    const { session: id, resumed } = ready;
    this.#handlers.emit("session", { id, resumed, transport: name, ...fallbackOf(transport) });
    this.#handlers.onState("listening");
  }

  #receive(message: V1ServerMessage): void {
    if (!("type" in message)) return;
    const { emit } = this.#handlers;
    switch (message.type) {
      case "state":
        this.#handlers.onState(message.state);
        break;
      case "clear":
        this.audio.clear(message.utterance);
        break;
      case "transcript":
      case "utterance":
      case "interrupted":
      case "dismissed":
      case "data": {
        const { type, ...payload } = message;
        emit(type, payload as never);
        break;
      }
      case "metrics":
        emit("metrics", message.turn);
        break;
      case "error":
        emit("error", new VoiceClientError(message.code, message.message, { retryable: message.retryable }));
        break;
      default:
      // pong and bye are the link's; levels are measured here, where they are heard.
    }
  }

  #sendFrame(offset: number, samples: Int16Array): void {
    const transport = this.#link.transport;
    if (transport === undefined) return;
    this.#firstOffset ??= offset;
    if (transport.sendAudio(offset - this.#firstOffset, samples)) this.#sentFrames++;
    else this.#droppedFrames++;
  }

  #sendReport({ utterance, playedSamples, done }: PlaybackReport, underruns: number): void {
    const message: PlaybackMessage = {
      event: "playback",
      utterance,
      playedSamples,
      underruns,
      ...(done ? { done } : {}),
    };
    const reports = this.#reports;
    reports.delete(utterance);
    reports.set(utterance, message);
    this.send(message);
    const most = this.connected ? MAX_SENT_REPORTS : MAX_UNSENT_REPORTS;
    for (const oldest of reports.keys()) if (reports.size > most) reports.delete(oldest);
  }

  #scheduleStats(): void {
    this.#cancelStats = this.#options.environment.clock.setTimeout(() => {
      this.#scheduleStats();
      this.#measure();
    }, STATS_EVERY_MS);
  }

  #measure(): void {
    const { transport } = this.#link;
    if (transport === undefined) return;
    if (transport.stats === undefined) this.#handlers.emit("stats", this.#stats({}));
    else void this.#emitMeasured(transport);
  }

  async #emitMeasured(transport: Transport): Promise<void> {
    const measured = await transport.stats?.().catch(() => undefined);
    if (this.#link.transport === transport) this.#handlers.emit("stats", this.#stats(measured ?? {}));
  }

  #stats(measured: TransportStats): CallStats {
    const { roundTripMs, quietMs, transport } = this.#link;
    return {
      transport: transport?.name ?? "",
      ...(transport && fallbackOf(transport)),
      roundTripMs,
      quietMs,
      ...this.#playback,
      droppedFrames: this.#droppedFrames,
      ...measured,
      sentFrames: measured.sentFrames ?? this.#sentFrames,
    };
  }
}

function fallbackOf({ fallback }: Transport): { readonly fallback?: string | undefined } {
  return fallback === undefined ? {} : { fallback };
}
