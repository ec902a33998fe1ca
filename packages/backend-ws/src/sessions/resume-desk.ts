import { randomBytes } from "node:crypto";
import type { Cancel, Clock } from "@roomkit/core";
import type { LiveSession } from "./live-session.ts";

export interface ResumeDeskOptions {
  readonly clock: Clock;
  readonly resumeMs: number;
  readonly maxSuspended: number;
}

/** Issues resume tokens and keeps the sessions that wait for their clients to come back. */
export class ResumeDesk {
  readonly #options: ResumeDeskOptions;
  readonly #byToken = new Map<string, LiveSession>();
  readonly #tokens = new Map<LiveSession, string>();
  /** In the order in which they lost their clients. */
  readonly #suspended = new Map<LiveSession, Cancel>();

  constructor(options: ResumeDeskOptions) {
    this.#options = options;
  }

  get suspended(): number {
    return this.#suspended.size;
  }

  /** Tokens that would be taken. */
  get tokens(): number {
    return this.#byToken.size;
  }

  /** A token for a session that has none: it is new, or its last one was just taken. */
  issue(live: LiveSession): string {
    const token = randomBytes(32).toString("base64url");
    this.#byToken.set(token, live);
    this.#tokens.set(live, token);
    return token;
  }

  /** The session a token stands for; the token is used up. */
  take(token: string): LiveSession | undefined {
    const live = this.#byToken.get(token);
    if (!live) return undefined;
    this.#revoke(live);
    this.#suspended.get(live)?.();
    this.#suspended.delete(live);
    return live;
  }

  /** A session lost its client: it ends unless somebody shows its token in time. */
  suspend(live: LiveSession): void {
    const end = (): void => live.connection.end({ code: "client_lost", message: "the client did not come back" });
    if (this.#options.resumeMs <= 0 || !this.#tokens.has(live)) {
      end();
      return;
    }
    live.connection.detach();
    live.client = undefined;
    this.#suspended.set(live, this.#options.clock.setTimeout(end, this.#options.resumeMs));
    if (this.#suspended.size <= this.#options.maxSuspended) return;
    const oldest = this.#suspended.keys().next().value;
    oldest?.connection.end({ code: "client_lost", message: "too many sessions wait to be resumed" });
  }

  /** A session ended. */
  forget(live: LiveSession): void {
    this.#revoke(live);
    this.#suspended.get(live)?.();
    this.#suspended.delete(live);
  }

  #revoke(live: LiveSession): void {
    const token = this.#tokens.get(live);
    if (token !== undefined) this.#byToken.delete(token);
    this.#tokens.delete(live);
  }
}
