import {
  type AudioFrame,
  abortedError,
  type Clock,
  type CloseReason,
  consoleLogger,
  Emitter,
  type IdSource,
  type Logger,
  type Metadata,
  type RealtimeTransport,
  RoomKitError,
  randomId,
  systemClock,
  type Unsubscribe,
  type VoiceBackend,
  type VoiceCapabilities,
  type VoiceConnection,
  type VoiceSession,
  withTimeout,
} from "@roomkit/core";
import type { CandidateRequest, OfferRequest, SignalAnswer } from "@roomkit/protocol";
import { authContext, type MediaConnection, SessionRegistry } from "@roomkit/transport-utils";
import type { MediaHost, MediaLoad } from "../host/media-host.ts";
import type { ConnectionStats, RtcSession } from "../session/rtc-session.ts";
import { type FetchHandler, fetchHandler } from "../signalling/mount.ts";
import { mediaHost } from "./media.ts";
import { type ClientContext, Offers } from "./offers.ts";
import { checkTransportOptions, defaultLimits, type WebRTCTransportOptions } from "./options.ts";
import { playAll } from "./play-all.ts";

/** Makes the session of a client that connected; given what the client called itself. */
export type SessionFactory = (webrtcId: string) => VoiceSession | Promise<VoiceSession>;

/** How a mount wants an offer's client treated. */
export interface OfferHandling {
  readonly sessionFactory?: SessionFactory;
  /** Called once, when nothing of the connection is left; also when the offer is refused. */
  readonly release: () => void;
}

interface Events {
  readonly connected: { readonly id: string; readonly metadata: Metadata };
  readonly disconnected: { readonly session: VoiceSession; readonly reason: CloseReason };
}

/**
 * Voice over WebRTC. As a {@link RealtimeTransport} it tells the application of each client, which then starts a session on it;
 * as a {@link VoiceBackend} its mount makes the sessions of a voice channel.
 */
export class WebRTCTransport implements RealtimeTransport, VoiceBackend {
  readonly name = "webrtc";
  /** Browsers remove echo and level the microphone before Opus. */
  readonly capabilities: VoiceCapabilities = { nativeEchoCancellation: true, nativeGainControl: true };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: WebRTCTransportOptions;
  readonly #host: MediaHost;
  readonly #ids: IdSource;
  readonly #offers: Offers;
  readonly #registry: SessionRegistry;
  readonly #events: Emitter<Events>;
  /** Connected clients no session has been bound to, by connection id. */
  readonly #waiting = new Map<string, { readonly session: RtcSession; readonly cancel: () => void }>();
  /** Sessions given to {@link accept}, by id. */
  readonly #accepted = new Map<string, { readonly session: VoiceSession; readonly connection: MediaConnection }>();
  /** Which session a connection belongs to. */
  readonly #owners = new Map<MediaConnection, VoiceSession>();
  #fetch: FetchHandler | undefined;
  #closed = false;

  /** @throws RoomKitError `invalid_option` */
  constructor(options: WebRTCTransportOptions) {
    checkTransportOptions(options);
    this.options = options;
    const { clock = systemClock, logger = consoleLogger, ids = randomId } = options;
    this.clock = clock;
    this.logger = logger;
    this.#ids = ids;
    this.#host = mediaHost(options, clock, logger);
    this.#offers = new Offers({
      transport: options,
      host: this.#host,
      clock,
      logger,
      ids,
      onFrame: (rtc, frame) => {
        const owner = this.#owners.get(rtc.connection);
        if (owner) this.#registry.tap(owner, frame);
      },
      hasSession: (connection) => this.#owners.has(connection),
    });
    this.#registry = new SessionRegistry({ clock, logger, ids });
    this.#events = new Emitter<Events>((error, event) => logger.error({ error, event }, "a transport listener failed"));
  }

  /** Connections from their offer to their end. */
  get size(): number {
    return this.#offers.size;
  }

  /** Counters of a live connection: packets, loss, what was dropped and why; undefined when there is none of this id. */
  statsOf(connectionId: string): ConnectionStats | undefined {
    return this.#offers.find(connectionId)?.stats;
  }

  /** How busy each thread that does media is: this one, or the workers that run. */
  get load(): readonly MediaLoad[] {
    return this.#host.load;
  }

  /**
   * Serves the endpoints web-standard, under any base path, as `signalling` among the options says. `client.address` is where
   * the request came from. Inside another mount (`mountVoice(server, backend, { webrtc: transport })`) that mount's
   * authentication counts; elsewhere, without `auth` and `allowAnonymous`, everything is answered 401.
   */
  fetch(request: Request, client?: { readonly address?: string }): Promise<Response> {
    this.#fetch ??= fetchHandler(this, this.options.signalling ?? {});
    return this.#fetch(request, client);
  }

  /** Loads codecs and keys and starts the first worker, so that the first client does not wait for them; mounting does it. Safe to call twice. */
  async warmUp(): Promise<void> {
    await this.#host.warmUp();
  }

  // Signalling --------------------------------------------------------------------------------------------------------------

  /**
   * Answers an offer. Refusals come as `status: "failed"`.
   *
   * @throws RoomKitError `invalid_sdp`, `sdp_too_large` (the client's fault), `no_free_port`, `closed`.
   */
  offer(request: OfferRequest, client: ClientContext, handling: OfferHandling): Promise<SignalAnswer> {
    return this.#offers.offer(request, client, {
      onReady: (session) => this.#ready(session, handling.sessionFactory),
      release: handling.release,
    });
  }

  /** Takes a trickled candidate; `forbidden` when it is not from the client that made the offer. */
  candidate(request: CandidateRequest, client: ClientContext): SignalAnswer | "forbidden" {
    return this.#offers.candidate(request, client);
  }

  // A client's way to its session -----------------------------------------------------------------------------------------------

  #ready(rtc: RtcSession, factory: SessionFactory | undefined): void {
    rtc.connection.onClose((reason) => this.#ended(rtc.connection, reason));
    if (factory) {
      this.#makeSession(rtc, factory).catch((error: unknown) => {
        // The kit closes first, and its transports after it.
        if (RoomKitError.is(error, "kit_closed")) {
          return rtc.close({ code: "draining", message: "the server is shutting down" });
        }
        this.logger.error({ error, connection: rtc.id }, "no session could be made for a client");
        return rtc.close({ code: "session_failed", message: "the application could not make a session" });
      });
      return;
    }
    const pending = this.#registry.findPending((session) => session.metadata.webrtc_id === rtc.label);
    if (pending) {
      this.#bind(pending, rtc);
      return;
    }
    const cancel = this.clock.setTimeout(() => {
      void rtc.close({ code: "accept_timeout", message: "no session was started on the connection" });
    }, this.options.limits?.acceptMs ?? defaultLimits.acceptMs);
    this.#waiting.set(rtc.id, { session: rtc, cancel });
    authContext.run(rtc.connection.metadata, () =>
      this.#events.emit("connected", { id: rtc.id, metadata: rtc.connection.metadata }),
    );
  }

  async #makeSession(rtc: RtcSession, factory: SessionFactory): Promise<void> {
    const made = authContext.run(rtc.connection.metadata, async () => factory(rtc.label));
    const session = await withTimeout(made, this.options.limits?.acceptMs ?? defaultLimits.acceptMs, {
      clock: this.clock,
      what: "making a session",
    });
    if (!rtc.connection.closed) this.#bind(session, rtc);
    else
      await this.#registry.end(session, {
        code: "client_closed",
        message: "the client left while its session was made",
      });
  }

  #bind(session: VoiceSession, { connection }: RtcSession): void {
    this.#owners.set(connection, session);
    this.#registry.bind(session, connection);
  }

  #ended(connection: MediaConnection, reason: CloseReason): void {
    this.#waiting.get(connection.id)?.cancel();
    this.#waiting.delete(connection.id);
    const owner = this.#owners.get(connection);
    this.#owners.delete(connection);
    if (!owner || this.#accepted.get(owner.id)?.connection !== connection) return;
    this.#accepted.delete(owner.id);
    this.#events.emit("disconnected", { session: owner, reason });
  }

  // VoiceBackend ------------------------------------------------------------------------------------------------------------------

  async connect(roomId: string, participantId: string, channelId: string, metadata?: Metadata): Promise<VoiceSession> {
    if (this.#closed) throw new RoomKitError("closed", "this transport is closed");
    return this.#registry.connect(roomId, participantId, channelId, metadata);
  }

  onSessionReady(listener: (session: VoiceSession, connection: VoiceConnection) => void): Unsubscribe {
    return this.#registry.onReady(listener);
  }

  onSessionEnded(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe {
    return this.#registry.onEnded(listener);
  }

  // Both --------------------------------------------------------------------------------------------------------------------------

  onAudioReceived(listener: (session: VoiceSession, frame: AudioFrame) => void): Unsubscribe {
    return this.#registry.onAudio(listener);
  }

  async disconnect(
    session: VoiceSession,
    reason: CloseReason = { code: "server_closed", message: "the server ended the session" },
  ): Promise<void> {
    const accepted = this.#accepted.get(session.id);
    if (accepted?.session === session) await accepted.connection.close(reason);
    else await this.#registry.end(session, reason);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const reason: CloseReason = { code: "draining", message: "the server is shutting down" };
    await this.#registry.endAll(reason);
    await this.#offers.close(reason);
    await this.#host.close();
    this.#events.clear();
  }

  // RealtimeTransport -------------------------------------------------------------------------------------------------------------

  onClientConnected(listener: (connectionId: string, metadata: Metadata) => unknown): Unsubscribe {
    return this.#events.on("connected", ({ id, metadata }) => listener(id, metadata));
  }

  onClientDisconnected(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe {
    return this.#events.on("disconnected", ({ session, reason }) => listener(session, reason));
  }

  async accept(
    session: VoiceSession,
    connectionId: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<VoiceConnection> {
    if (options.signal?.aborted) throw abortedError(options.signal);
    const waiting = this.#waiting.get(connectionId);
    if (!waiting) {
      const taken = [...this.#owners.keys()].some(({ id }) => id === connectionId);
      throw taken
        ? new RoomKitError("connection_taken", "a session was started on this connection already")
        : new RoomKitError("unknown_connection", "no client with this connection id waits for a session");
    }
    if (this.#accepted.has(session.id)) throw new RoomKitError("session_taken", "the session has a connection already");
    this.#waiting.delete(connectionId);
    waiting.cancel();
    const { connection } = waiting.session;
    this.#owners.set(connection, session);
    this.#accepted.set(session.id, { session, connection });
    return connection;
  }

  async sendAudio(session: VoiceSession, audio: AudioFrame | AsyncIterable<AudioFrame>): Promise<void> {
    await playAll(this.#connectionOf(session), this.#ids("utterance"), audio);
  }

  async sendMessage(session: VoiceSession, message: Readonly<Record<string, unknown>>): Promise<void> {
    this.#offers.holderOf(this.#connectionOf(session))?.sendRaw(message);
  }

  #connectionOf(session: VoiceSession): MediaConnection {
    for (const [connection, owner] of this.#owners) if (owner === session) return connection;
    throw new RoomKitError("unknown_session", "the session has no connection on this transport");
  }
}
