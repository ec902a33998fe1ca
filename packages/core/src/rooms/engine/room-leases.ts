import { RoomKitError } from "../../errors/error.ts";
import type { Logger } from "../../log/logger.ts";
import type { Cancel, Clock } from "../../time/clock.ts";
import type { AcquireOptions, Lease, LeaseManager } from "../lease.ts";

interface Hold {
  lease: Lease;
  /** The section under way, and sessions by their ids. */
  readonly users: Set<string>;
  /** It is being renewed, or a lost one taken again. */
  busy: boolean;
}

export interface RoomLeasesOptions {
  readonly leases: LeaseManager;
  readonly owner: string;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another process has the room now. */
  onTaken(roomId: string): void;
  /** The engine cannot be asked, and why; or it can again. */
  onAway(error: RoomKitError | undefined): void;
}

/** Sections of a room come one at a time. No session has such an id. */
const SECTION = "";

/**
 * The leases of the rooms that this kit uses. A room's is held as long as somebody uses it: a section under its lock, or a session in it;
 * then it is given back. While any is held one timer renews them. One that lapsed is no reason to stop: its fence goes on being compared by the
 * store, and it is taken again when nobody else has. So an engine that is down costs no call that is there.
 *
 * | what comes                                          | then                                               |
 * | --------------------------------------------------- | -------------------------------------------------- |
 * | a section; nobody here uses the room                | waits for the lease                                |
 * | a section; a session is here                        | goes on with the fence it has, lapsed or not       |
 * | a session whose process is gone is taken over       | takes the lease at once, from whoever holds it     |
 * | the timer; the lease is held                        | renews it                                          |
 * | the timer; the engine is down                       | tries again next time, also beyond the lease's end |
 * | the timer; the lease lapsed or is another's         | takes it again, or says that the room is taken     |
 * | the timer; it was taken again, and the answer lost  | takes it from itself                               |
 * | a commit with the fence of before                   | is `fenced` by the store once another has written  |
 * | the last session leaves while it is being taken     | what is taken is given back                        |
 *
 * With leases of one process there is nobody to lose one to: they never lapse, and commits carry no fence.
 */
export class RoomLeases {
  readonly #options: RoomLeasesOptions;
  readonly #shared: boolean;
  readonly #held: Map<string, Hold> = new Map();
  #stop: Cancel | undefined;
  #away = false;

  constructor(options: RoomLeasesOptions) {
    this.#options = options;
    this.#shared = options.leases.scope === "shared";
  }

  /** For a section, under the room's order. @throws RoomKitError `timeout`, `aborted`, or what the engine says. */
  async enter(roomId: string, wait: Pick<AcquireOptions, "waitMs" | "signal">): Promise<void> {
    const known = this.#held.get(roomId);
    if (known) {
      known.users.add(SECTION);
      return;
    }
    const lease = await this.#acquire(roomId, wait);
    this.#held.set(roomId, { lease, users: new Set([SECTION]), busy: false });
    if (this.#shared) this.#stop ??= this.#schedule();
  }

  /** For a session, from inside a section, which holds the lease already. Given back by {@link leave}. */
  keep(roomId: string, sessionId: string): void {
    this.#held.get(roomId)?.users.add(sessionId);
  }

  /** Takes a room for a session of it, from whoever holds it and is shut out by the next commit. Given back by {@link leave}. @throws as {@link enter}. */
  async take(roomId: string, sessionId: string, wait: Pick<AcquireOptions, "waitMs" | "signal">): Promise<void> {
    const known = this.#held.get(roomId);
    if (known && !known.lease.lost.aborted) {
      known.users.add(sessionId);
      return;
    }
    const lease = await this.#acquire(roomId, { ...wait, takeOver: true });
    const users = new Set([sessionId, ...(this.#held.get(roomId)?.users ?? [])]);
    this.#held.set(roomId, { lease, users, busy: false });
    if (this.#shared) this.#stop ??= this.#schedule();
  }

  /** Never rejects. */
  async leave(roomId: string, sessionId: string = SECTION): Promise<void> {
    const hold = this.#held.get(roomId);
    if (hold === undefined || !hold.users.delete(sessionId) || hold.users.size > 0) return;
    await this.#giveBack(roomId, hold);
  }

  /** It is another's: nobody here uses it any more. */
  lost(roomId: string): void {
    const hold = this.#held.get(roomId);
    if (hold) void this.#giveBack(roomId, hold);
  }

  /** Gives back what is still held. */
  async close(): Promise<void> {
    await Promise.all([...this.#held].map(([roomId, hold]) => this.#giveBack(roomId, hold)));
  }

  async #giveBack(roomId: string, hold: Hold): Promise<void> {
    this.#held.delete(roomId);
    if (this.#held.size === 0) {
      this.#stop?.();
      this.#stop = undefined;
    }
    try {
      await hold.lease.release();
    } catch (error) {
      this.#warn(roomId, error, "could not give back a room's lease: it lapses");
    }
  }

  /** What a commit of the room says of its holder. */
  fence(roomId: string): number | undefined {
    return this.#shared ? this.#held.get(roomId)?.lease.fence : undefined;
  }

  #acquire(roomId: string, wait: Pick<AcquireOptions, "waitMs" | "signal" | "takeOver">): Promise<Lease> {
    const { leases, owner, ttlMs } = this.#options;
    return leases.acquire(`room:${roomId}`, { owner, ttlMs: this.#shared ? ttlMs : Number.POSITIVE_INFINITY, ...wait });
  }

  #schedule(): Cancel {
    const { clock, ttlMs } = this.#options;
    return clock.setTimeout(() => {
      for (const [roomId, hold] of this.#held) void this.#renew(roomId, hold);
      this.#stop = this.#schedule();
    }, ttlMs / 3);
  }

  /** One at a time: an engine that does not answer is not asked again meanwhile. */
  async #renew(roomId: string, hold: Hold): Promise<void> {
    if (hold.busy) return;
    hold.busy = true;
    try {
      // One that lapsed is not asked for.
      if (await hold.lease.renew()) this.#told(undefined);
      else await this.#retake(roomId, hold);
    } catch (error) {
      this.#told(RoomKitError.from(error));
    } finally {
      hold.busy = false;
    }
  }

  /** Not waited for: who has it has the sessions, too. */
  async #retake(roomId: string, hold: Hold): Promise<void> {
    if (!this.#isHeld(roomId, hold)) return;
    try {
      const lease = await this.#acquire(roomId, { waitMs: 0 }).catch((error: unknown) => {
        // Given to this process by an engine that did not get to say so.
        if (!RoomKitError.is(error, "timeout") || error.details.heldBy !== this.#options.owner) throw error;
        return this.#acquire(roomId, { waitMs: 0, takeOver: true });
      });
      this.#told(undefined);
      if (this.#isHeld(roomId, hold)) hold.lease = lease;
      else await lease.release();
    } catch (error) {
      if (!RoomKitError.is(error, "timeout")) throw error;
      this.#told(undefined);
      if (this.#isHeld(roomId, hold)) this.#options.onTaken(roomId);
    }
  }

  /** Said once when it begins and once when it ends, whatever the number of rooms. */
  #told(error: RoomKitError | undefined): void {
    const away = error !== undefined;
    if (away === this.#away) return;
    this.#away = away;
    this.#options.onAway(error);
  }

  #isHeld(roomId: string, hold: Hold): boolean {
    return this.#held.get(roomId) === hold;
  }

  #warn(roomId: string, error: unknown, message: string): void {
    this.#options.logger.warn({ roomId, code: RoomKitError.from(error).code }, message);
  }
}
