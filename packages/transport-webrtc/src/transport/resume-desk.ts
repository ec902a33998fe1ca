import { randomBytes } from "node:crypto";
import type { Cancel, Clock } from "@roomkit/core";
import type { MediaConnection } from "@roomkit/transport-utils";
import type { RtcSession } from "../session/rtc-session.ts";

/** A connection that may outlive its client's peer. */
export interface Resumable {
  readonly connection: MediaConnection;
  /** Who it belongs to, as authentication sees it. */
  readonly identity: string;
  /** Audio takes the data channel; a client that comes back must be served the same way. */
  readonly dataChannelAudio: boolean;
  /** When it began, ms on the clock. */
  readonly startedAt: number;
  /** The client's peer now; undefined while it is away. */
  holder: RtcSession | undefined;
}

/** Most connections that wait for their clients. */
const MOST_SUSPENDED = 100;

/** Issues resume tokens, and keeps connections while their clients are away. */
export class ResumeDesk {
  readonly #clock: Clock;
  readonly #resumeMs: number;
  readonly #byToken = new Map<string, Resumable>();
  readonly #tokens = new Map<Resumable, string>();
  /** In the order in which they lost their clients. */
  readonly #suspended = new Map<Resumable, Cancel>();

  constructor(clock: Clock, resumeMs: number) {
    this.#clock = clock;
    this.#resumeMs = resumeMs;
  }

  get suspended(): number {
    return this.#suspended.size;
  }

  /** A new token; the connection's old one is worth nothing any more. Empty when nothing can be resumed. */
  issue(resumable: Resumable): string {
    this.#revoke(resumable);
    if (this.#resumeMs === 0) return "";
    const token = randomBytes(32).toString("base64url");
    this.#byToken.set(token, resumable);
    this.#tokens.set(resumable, token);
    return token;
  }

  /** What a token stands for, if it is shown by the same client. Takes nothing: the new peer may yet fail. */
  find(token: string, identity: string): Resumable | undefined {
    const resumable = this.#byToken.get(token);
    return resumable?.identity === identity && !resumable.connection.closed ? resumable : undefined;
  }

  /** The new peer works: it holds the connection from here on, the token is used up, and a peer still there goes. False when it is too late. */
  claim(token: string, holder: RtcSession): boolean {
    const resumable = this.#byToken.get(token);
    if (!resumable || resumable.connection.closed) return false;
    this.#revoke(resumable);
    this.#suspended.get(resumable)?.();
    this.#suspended.delete(resumable);
    const before = resumable.holder;
    resumable.holder = holder;
    before?.supersede();
    return true;
  }

  /** The client is gone; false when the connection cannot wait for it. */
  suspend(resumable: Resumable): boolean {
    if (!this.#tokens.has(resumable)) return false;
    resumable.holder = undefined;
    resumable.connection.detach();
    const end = (): void => resumable.connection.end({ code: "client_lost", message: "the client did not come back" });
    this.#suspended.set(resumable, this.#clock.setTimeout(end, this.#resumeMs));
    if (this.#suspended.size > MOST_SUSPENDED) {
      const oldest = this.#suspended.keys().next().value;
      oldest?.connection.end({ code: "client_lost", message: "too many clients are away" });
    }
    return true;
  }

  /** The connection is over. */
  forget(resumable: Resumable): void {
    this.#revoke(resumable);
    this.#suspended.get(resumable)?.();
    this.#suspended.delete(resumable);
  }

  /** Ends every connection whose client is away. */
  close(): void {
    for (const { connection } of [...this.#suspended.keys()]) {
      connection.end({ code: "draining", message: "the server is shutting down" });
    }
  }

  #revoke(resumable: Resumable): void {
    const token = this.#tokens.get(resumable);
    if (token !== undefined) this.#byToken.delete(token);
    this.#tokens.delete(resumable);
  }
}
