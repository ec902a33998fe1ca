import { RoomKitError } from "../errors/error.ts";
import type { Clock } from "../time/clock.ts";
import type { KeepOptions, KeptSession, KeptSessions } from "./kept-sessions.ts";
import { copy } from "./memory-copy.ts";

/** Sessions of one room; past that the one that is over first makes room. */
const MAX_PER_ROOM = 1_000;

interface Entry {
  readonly session: KeptSession;
  /** On the monotonic clock. */
  readonly until: number;
}

/** The sessions of the store in memory: of rooms that it has, and gone with them. */
export class MemorySessions implements KeptSessions {
  readonly #rooms: ReadonlyMap<string, { fence: number }>;
  readonly #clock: Clock;
  readonly #entries: Map<string, Entry> = new Map();
  /** Which sessions a room has. */
  readonly #ofRoom: Map<string, Set<string>> = new Map();
  /** Which session a token belongs to. */
  readonly #tokens: Map<string, string> = new Map();

  constructor(rooms: ReadonlyMap<string, { fence: number }>, clock: Clock) {
    this.#rooms = rooms;
    this.#clock = clock;
  }

  async keep(session: KeptSession, { ttlMs, fence }: KeepOptions): Promise<boolean> {
    const { sessionId, roomId } = session;
    const room = this.#rooms.get(roomId);
    if (!room) throw new RoomKitError("unknown_room", `there is no room ${roomId}`);
    const kept = copy(session);
    if (fence !== undefined && fence < room.fence) return false;
    room.fence = fence ?? room.fence;
    this.#remove(sessionId);
    this.#entries.set(sessionId, { session: kept, until: this.#clock.now() + ttlMs });
    for (const token of kept.tokens) this.#tokens.set(token, sessionId);
    const ofRoom = this.#ofRoom.get(roomId) ?? new Set();
    this.#ofRoom.set(roomId, ofRoom.add(sessionId));
    if (ofRoom.size > MAX_PER_ROOM) this.#remove(this.#inOrder(ofRoom)[0]?.session.sessionId as string);
    return true;
  }

  async find(token: string): Promise<KeptSession | undefined> {
    const sessionId = this.#tokens.get(token);
    const entry = sessionId === undefined ? undefined : this.#entries.get(sessionId);
    return entry && entry.until > this.#clock.now() ? entry.session : undefined;
  }

  async forget(sessionId: string, { fence }: Pick<KeepOptions, "fence">): Promise<boolean> {
    const roomId = this.#entries.get(sessionId)?.session.roomId;
    const room = roomId === undefined ? undefined : this.#rooms.get(roomId);
    if (!room || (fence ?? room.fence) < room.fence) return false;
    this.#remove(sessionId);
    return true;
  }

  async expired(limit: number): Promise<readonly KeptSession[]> {
    const now = this.#clock.now();
    const gone = this.#inOrder(this.#entries.keys()).filter(({ until }) => until <= now);
    const given = gone.slice(0, Math.max(0, limit)).map(({ session }) => session);
    for (const { sessionId } of given) this.#remove(sessionId);
    return given;
  }

  /** All of a room. */
  forgetRoom(roomId: string): void {
    for (const sessionId of this.#ofRoom.get(roomId) ?? []) this.#remove(sessionId);
  }

  /** Which is over first comes first. */
  #inOrder(sessionIds: Iterable<string>): Entry[] {
    const entries = [...sessionIds].map((sessionId) => this.#entries.get(sessionId) as Entry);
    return entries.sort((a, b) => a.until - b.until);
  }

  #remove(sessionId: string): void {
    const { session } = this.#entries.get(sessionId) ?? {};
    if (!session) return;
    this.#entries.delete(sessionId);
    for (const token of session.tokens) if (this.#tokens.get(token) === sessionId) this.#tokens.delete(token);
    const ofRoom = this.#ofRoom.get(session.roomId);
    ofRoom?.delete(sessionId);
    if (ofRoom?.size === 0) this.#ofRoom.delete(session.roomId);
  }
}
