import { RoomKitError } from "../../errors/error.ts";
import type { Logger } from "../../log/logger.ts";
import type { Cancel, Clock } from "../../time/clock.ts";
import type { AcquireOptions, Lease, LeaseManager } from "../lease.ts";

interface Hold {
  lease: Lease;
  /** The section under way, and sessions by their ids. */
  readonly users: Set<string>;
  /** While a lost lease is taken again; never rejects. */
  retaking: Promise<void> | undefined;
}

export interface RoomLeasesOptions {
  readonly leases: LeaseManager;
  readonly owner: string;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another process has the room now. */
  onTaken(roomId: string): void;
}

/** Sections of a room come one at a time. No session has such an id. */
const SECTION = "";

/**
 * The leases of the rooms that this kit uses. A room's is held as long as somebody uses it: a section under its lock, or a session in it;
 * then it is given back. While any is held one timer renews them. One that lapsed is taken again when nobody else has: an engine that was
 * down costs no call.
 *
 * | what comes                                     | then                                                                  |
 * | ---------------------------------------------- | --------------------------------------------------------------------- |
 * | a section; nobody here uses the room           | waits for the lease                                                   |
 * | a section; a session is here                   | has the lease already                                                 |
 * | a section; a session is here, the lease lapsed | takes it again, or is `fenced` when another has it                    |
 * | the timer; the lease is held                   | renews it                                                             |
 * | the timer; the engine is down                  | tries again next time, also beyond the lease's end                    |
 * | the timer; the lease lapsed or is another's    | takes it again, or says that the room is taken                        |
 * | a section while the timer takes it again       | waits for that                                                        |
 * | the last session leaves while it is taken again | what is taken is given back                                          |
 *
 * With leases of one process there is nobody to lose one to: they never lapse, and commits carry no fence.
 */
export class RoomLeases {
  readonly #options: RoomLeasesOptions;
  readonly #shared: boolean;
  readonly #held: Map<string, Hold> = new Map();
  readonly #entering: Set<string> = new Set();
  #stop: Cancel | undefined;

  constructor(options: RoomLeasesOptions) {
    this.#options = options;
    this.#shared = options.leases.scope === "shared";
  }

  /** For a section, under the room's order. @throws RoomKitError `timeout`, `aborted`, `fenced`, or what the engine says. */
  async enter(roomId: string, wait: Pick<AcquireOptions, "waitMs" | "signal">): Promise<void> {
    await this.#held.get(roomId)?.retaking;
    const known = this.#held.get(roomId);
    if (known && !this.#isLost(known)) {
      known.users.add(SECTION);
      return;
    }
    this.#entering.add(roomId);
    try {
      const lease = known ? await this.#again(roomId) : await this.#acquire(roomId, wait);
      const hold = this.#held.get(roomId);
      if (hold) {
        hold.lease = lease;
        hold.users.add(SECTION);
      } else this.#held.set(roomId, { lease, users: new Set([SECTION]), retaking: undefined });
    } finally {
      this.#entering.delete(roomId);
    }
    if (this.#shared) this.#stop ??= this.#schedule();
  }

  /** For a session, from inside a section, which holds the lease already. Given back by {@link leave}. */
  keep(roomId: string, sessionId: string): void {
    this.#held.get(roomId)?.users.add(sessionId);
  }

  /** Never rejects. */
  async leave(roomId: string, sessionId: string = SECTION): Promise<void> {
    const hold = this.#held.get(roomId);
    if (hold === undefined || !hold.users.delete(sessionId) || hold.users.size > 0) return;
    await this.#giveBack(roomId, hold);
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

  #acquire(roomId: string, wait: Pick<AcquireOptions, "waitMs" | "signal">): Promise<Lease> {
    const { leases, owner, ttlMs } = this.#options;
    return leases.acquire(`room:${roomId}`, { owner, ttlMs: this.#shared ? ttlMs : Number.POSITIVE_INFINITY, ...wait });
  }

  #isLost({ lease }: Hold): boolean {
    return this.#shared && lease.lost.aborted;
  }

  #schedule(): Cancel {
    const { clock, ttlMs } = this.#options;
    return clock.setTimeout(() => {
      for (const [roomId, hold] of this.#held) void this.#renew(roomId, hold);
      this.#stop = this.#schedule();
    }, ttlMs / 3);
  }

  async #renew(roomId: string, hold: Hold): Promise<void> {
    if (this.#entering.has(roomId) || hold.retaking !== undefined) return;
    try {
      if (await hold.lease.renew()) return;
    } catch (error) {
      this.#warn(roomId, error, "could not renew a room's lease");
      if (!this.#isLost(hold)) return;
    }
    if (this.#entering.has(roomId) || hold.retaking !== undefined || this.#held.get(roomId) !== hold) return;
    hold.retaking = this.#retake(roomId, hold).finally(() => {
      hold.retaking = undefined;
    });
  }

  async #retake(roomId: string, hold: Hold): Promise<void> {
    try {
      const lease = await this.#again(roomId);
      if (this.#held.get(roomId) === hold) hold.lease = lease;
      else await lease.release();
    } catch (error) {
      if (!RoomKitError.is(error, "fenced")) this.#warn(roomId, error, "could not take a room's lease again");
    }
  }

  /** For a room whose lease was lost while a session here is in it. Not waited for: who has it has the sessions, too. */
  async #again(roomId: string): Promise<Lease> {
    try {
      return await this.#acquire(roomId, { waitMs: 0 });
    } catch (error) {
      if (!RoomKitError.is(error, "timeout")) throw error;
      this.#options.onTaken(roomId);
      throw takenOver(roomId);
    }
  }

  #warn(roomId: string, error: unknown, message: string): void {
    this.#options.logger.warn({ roomId, code: RoomKitError.from(error).code }, message);
  }
}

export function takenOver(roomId: string): RoomKitError {
  return new RoomKitError("fenced", `another process has taken the room ${roomId} over`);
}
