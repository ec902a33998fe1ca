import { createHash, randomBytes } from "node:crypto";
import type { Cancel, Clock, CloseReason } from "@roomkit/core";
import type { MediaConnection } from "../connection/media-connection.ts";

export interface ResumeDeskOptions {
  readonly clock: Clock;
  /** How long a connection waits for its client, ms; 0: nothing is resumed. */
  readonly resumeMs: number;
  /** Most connections that wait; the longest-waiting ends first. */
  readonly maxSuspended: number;
}

/** So long after a token was issued the one before may be all that its client has, ms. */
const BOTH_MS = 10_000;

/** A token as others may see it. */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** What the desk knows of one connection. */
interface Entry {
  token: string | undefined;
  /** The one before, which the client shows when the newest did not reach it; only another process would take it. */
  before: string | undefined;
  issuedAt: number;
  stopWaiting: Cancel | undefined;
}

const AWAY: CloseReason = { code: "client_lost", message: "the client did not come back" };
const TOO_MANY: CloseReason = { code: "client_lost", message: "too many sessions wait to be resumed" };

/**
 * Issues resume tokens, and keeps connections while their clients are away. Whatever comes in whatever order, it holds nothing of a
 * connection that is over:
 *
 * | after     | issue     | find, take | suspend            | the connection ends |
 * | --------- | --------- | ---------- | ------------------ | ------------------- |
 * | nothing   | a token   | nothing    | refused            |                     |
 * | issue     | a new one | the holder | waits              | forgotten           |
 * | take      | a token   | nothing    | refused            | forgotten           |
 * | suspend   | a new one | the holder | waits as it did    | forgotten           |
 * | the end   | ""        | nothing    | refused            |                     |
 */
export class ResumeDesk<Holder extends { readonly connection: MediaConnection }> {
  readonly #options: ResumeDeskOptions;
  readonly #entries = new Map<Holder, Entry>();
  readonly #byToken = new Map<string, Holder>();
  /** In the order in which they lost their clients. */
  readonly #waiting = new Set<Holder>();

  constructor(options: ResumeDeskOptions) {
    this.#options = options;
  }

  /** Connections whose clients are away. */
  get suspended(): number {
    return this.#waiting.size;
  }

  /** Tokens that would be taken. */
  get tokens(): number {
    return this.#byToken.size;
  }

  /** A new token; an earlier one is worth nothing any more. Empty when nothing can be resumed. */
  issue(holder: Holder): string {
    if (this.#options.resumeMs <= 0 || holder.connection.closed) return "";
    const entry = this.#entry(holder);
    // One that was shown just now is the one before, too.
    entry.before = this.#revoke(entry) ?? entry.before;
    entry.token = randomBytes(32).toString("base64url");
    entry.issuedAt = this.#options.clock.now();
    this.#byToken.set(entry.token, holder);
    return entry.token;
  }

  /** Of the tokens that a client of this holder may have, their hashes, the newest first. */
  hashes(holder: Holder): readonly string[] {
    const { token, before, issuedAt = 0 } = this.#entries.get(holder) ?? {};
    if (token === undefined) return [];
    const fresh = this.#options.clock.now() - issuedAt < BOTH_MS;
    return before !== undefined && fresh ? [tokenHash(token), before] : [tokenHash(token)];
  }

  /** The client came with this token from another process. */
  cameWith(holder: Holder, hash: string): void {
    this.#entry(holder).before = hash;
  }

  /** What a token stands for. Uses nothing up: the client that shows it may yet fail. */
  find(token: string): Holder | undefined {
    return this.#byToken.get(token);
  }

  /** What a token stands for; it is used up, and the client is back. */
  take(token: string): Holder | undefined {
    const holder = this.#byToken.get(token);
    const entry = holder && this.#entries.get(holder);
    if (!entry) return undefined;
    entry.before = this.#revoke(entry);
    entry.stopWaiting?.();
    entry.stopWaiting = undefined;
    this.#waiting.delete(holder);
    return holder;
  }

  /** A connection lost its client, and ends unless somebody shows its token in time. False when it cannot wait: it goes on as it is. */
  suspend(holder: Holder): boolean {
    const entry = this.#entries.get(holder);
    if (entry?.token === undefined) return false;
    if (this.#waiting.has(holder)) return true;
    const { clock, resumeMs, maxSuspended } = this.#options;
    const { connection } = holder;
    connection.detach();
    entry.stopWaiting = clock.setTimeout(() => connection.end(AWAY), resumeMs);
    this.#waiting.add(holder);
    const [longest] = this.#waiting;
    if (this.#waiting.size > maxSuspended) longest?.connection.end(TOO_MANY);
    return true;
  }

  #entry(holder: Holder): Entry {
    const known = this.#entries.get(holder);
    if (known) return known;
    const entry: Entry = { token: undefined, before: undefined, issuedAt: 0, stopWaiting: undefined };
    this.#entries.set(holder, entry);
    holder.connection.onClose(() => this.#forget(holder));
    return entry;
  }

  #forget(holder: Holder): void {
    const entry = this.#entries.get(holder);
    if (!entry) return;
    this.#revoke(entry);
    entry.stopWaiting?.();
    this.#waiting.delete(holder);
    this.#entries.delete(holder);
  }

  /** Gives the hash of the token that is worth nothing any more. */
  #revoke(entry: Entry): string | undefined {
    const { token } = entry;
    if (token === undefined) return undefined;
    this.#byToken.delete(token);
    entry.token = undefined;
    return tokenHash(token);
  }
}
