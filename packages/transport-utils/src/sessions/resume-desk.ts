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

/** A token as others may see it. */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** What the desk knows of one connection. */
interface Entry {
  token: string | undefined;
  /** What the client came with, until it is known to have the newest: that may never have reached it. Of another process's token only the hash is known. */
  shown: { readonly token?: string | undefined; readonly hash: string } | undefined;
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
 * | take      | a token, and the one that was shown works on | nothing | refused | forgotten |
 * | confirm   |           | the holder, by the newest alone | waits | forgotten   |
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

  /** Connections whose clients could come back. */
  get tokens(): number {
    let count = 0;
    for (const { token } of this.#entries.values()) if (token !== undefined) count++;
    return count;
  }

  /** A new token. An earlier one is worth nothing any more, but for the one that was shown, until {@link confirm}. Empty when nothing can be resumed. */
  issue(holder: Holder): string {
    if (this.#options.resumeMs <= 0 || holder.connection.closed) return "";
    const entry = this.#entry(holder);
    this.#revoke(entry);
    entry.token = randomBytes(32).toString("base64url");
    this.#byToken.set(entry.token, holder);
    if (entry.shown?.token !== undefined) this.#byToken.set(entry.shown.token, holder);
    return entry.token;
  }

  /** The client is known to have the newest token: it has said something since. */
  confirm(holder: Holder): void {
    const entry = this.#entries.get(holder);
    if (entry) this.#show(entry, undefined);
  }

  /** Of the tokens that a client of this holder may have, their hashes, the newest first. */
  hashes(holder: Holder): readonly string[] {
    const { token, shown } = this.#entries.get(holder) ?? {};
    if (token === undefined) return [];
    return shown ? [tokenHash(token), shown.hash] : [tokenHash(token)];
  }

  /** The client came with this token from another process. */
  cameWith(holder: Holder, hash: string): void {
    this.#show(this.#entry(holder), { hash });
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
    this.#revoke(entry);
    this.#show(entry, { token, hash: tokenHash(token) });
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
    const entry: Entry = { token: undefined, shown: undefined, stopWaiting: undefined };
    this.#entries.set(holder, entry);
    holder.connection.onClose(() => this.#forget(holder));
    return entry;
  }

  #forget(holder: Holder): void {
    const entry = this.#entries.get(holder);
    if (!entry) return;
    this.#revoke(entry);
    this.#show(entry, undefined);
    entry.stopWaiting?.();
    this.#waiting.delete(holder);
    this.#entries.delete(holder);
  }

  #revoke(entry: Entry): void {
    if (entry.token !== undefined) this.#byToken.delete(entry.token);
    entry.token = undefined;
  }

  #show(entry: Entry, shown: Entry["shown"]): void {
    if (entry.shown?.token !== undefined) this.#byToken.delete(entry.shown.token);
    entry.shown = shown;
  }
}
