import {
  type AudioFrame,
  type CloseReason,
  type ForeignToken,
  type IdSource,
  type Metadata,
  type ResumedSession,
  RoomKitError,
  type Unsubscribe,
  type VoiceBackend,
  type VoiceCapabilities,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { MediaConnection } from "../connection/media-connection.ts";
import { playAll } from "../playout/play-all.ts";
import type { SessionRegistry } from "./registry.ts";
import { tokenHash } from "./resume-desk.ts";

type Taker = (foreign: ForeignToken) => Promise<VoiceSession | undefined>;

const DISCONNECTED: CloseReason = { code: "server_closed", message: "the session was ended by the server" };

/** What every transport does the same: sessions and clients, in either order. A transport adds its sockets, and `close`. */
export abstract class SessionBackend implements VoiceBackend {
  abstract readonly name: string;
  abstract readonly capabilities: VoiceCapabilities;
  protected readonly registry: SessionRegistry;
  readonly #ids: IdSource;
  readonly #fulls = new Set<() => boolean>();
  readonly #takers = new Set<Taker>();

  protected constructor(registry: SessionRegistry, ids: IdSource) {
    this.registry = registry;
    this.#ids = ids;
  }

  /** Newcomers are refused: {@link drain} or {@link close} was called. */
  get draining(): boolean {
    return this.registry.draining;
  }

  drain(): void {
    this.registry.draining = true;
  }

  onForeignToken(take: (foreign: ForeignToken) => Promise<VoiceSession | undefined>): Unsubscribe {
    const own: Taker = (foreign) => take(foreign);
    this.#takers.add(own);
    return () => void this.#takers.delete(own);
  }

  /** Somebody may know a token that is not known here. */
  get asksForTokens(): boolean {
    return this.#takers.size > 0;
  }

  /** The session of another process that a client comes back to. @throws what kept it from being taken over. */
  async takeForeign(token: string, signal: AbortSignal): Promise<VoiceSession | undefined> {
    for (const take of this.#takers) {
      const session = await take({ token: tokenHash(token), backend: this, signal });
      if (session) return session;
    }
    return undefined;
  }

  /** Why a newcomer would be refused just now; undefined: it would not. */
  get refusal(): "draining" | "node_full" | undefined {
    if (this.draining) return "draining";
    return this.full ? "node_full" : undefined;
  }

  /** Sessions that have not ended, and clients that wait for one. */
  get held(): { readonly sessions: number; readonly waiting: number } {
    return { sessions: this.registry.size, waiting: this.registry.waiting };
  }

  /** Clients that were not let in since the start, by the code that says why. */
  get refusals(): ReadonlyMap<string, number> {
    return this.registry.refusals.counts;
  }

  /** A mount did not let a client in. */
  noteRefusal(code: string): void {
    this.registry.refusals.note(code);
  }

  async connect(
    roomId: string,
    participantId: string,
    channelId: string,
    metadata?: Metadata,
    resumed?: ResumedSession,
  ): Promise<VoiceSession> {
    this.#assertOpen();
    return this.registry.connect(roomId, participantId, channelId, metadata, resumed);
  }

  onSessionReady(listener: (session: VoiceSession, connection: VoiceConnection) => void): Unsubscribe {
    return this.registry.onReady(listener);
  }

  onSessionEnded(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe {
    return this.registry.onEnded(listener);
  }

  onClientConnected(listener: (connectionId: string, metadata: Metadata) => unknown): Unsubscribe {
    return this.registry.onConnected(listener);
  }

  async accept(
    session: VoiceSession,
    connectionId: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<VoiceConnection> {
    this.#assertOpen();
    return this.registry.accept(session, connectionId, options.signal);
  }

  onClientDisconnected(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe {
    return this.registry.onDisconnected(listener);
  }

  onAudioReceived(listener: (session: VoiceSession, frame: AudioFrame) => void): Unsubscribe {
    return this.registry.onAudio(listener);
  }

  async sendAudio(session: VoiceSession, audio: AudioFrame | AsyncIterable<AudioFrame>): Promise<void> {
    await playAll(this.#connectionOf(session), this.#ids("utterance"), audio);
  }

  async sendMessage(session: VoiceSession, message: Readonly<Record<string, unknown>>): Promise<void> {
    this.#connectionOf(session).sendRaw(message);
  }

  async disconnect(session: VoiceSession, reason: CloseReason = DISCONNECTED): Promise<void> {
    await this.registry.end(session, reason);
  }

  refuseWhile(full: () => boolean): Unsubscribe {
    // Of two that are given the same function each takes back its own.
    const own = (): boolean => {
      try {
        return full();
      } catch {
        // Whoever cannot say it keeps nobody out.
        return false;
      }
    };
    this.#fulls.add(own);
    return () => void this.#fulls.delete(own);
  }

  /** Whether newcomers are refused as `node_full` just now. */
  get full(): boolean {
    for (const full of this.#fulls) if (full()) return true;
    return false;
  }

  abstract close(): Promise<void>;

  #connectionOf(session: VoiceSession): MediaConnection {
    const connection = this.registry.connectionOf(session);
    if (!connection) throw new RoomKitError("unknown_session", "the session has no connection on this transport");
    return connection;
  }

  #assertOpen(): void {
    if (this.draining) throw new RoomKitError("closed", `the transport ${this.name} is closed`);
  }
}
