import {
  type Binding,
  type CommitOptions,
  type CommitResult,
  type EventQuery,
  MemoryStore,
  type NewEvent,
  type Participant,
  type Room,
  type RoomEvent,
  RoomKitError,
  type RoomPatch,
} from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { CLOSE_DEFECTS, HeldConnection } from "./close.fixture.ts";
import { type StoreConformanceOptions, storeConformance } from "./store.ts";

/** Lets every caller that is there already do its reading before anyone writes. */
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Each breaks one thing of a store that is right otherwise. */
const defects: Record<string, readonly [required: string, store: () => MemoryStore]> = {
  "says of itself what nobody can read": ["says for whom", () => Object.assign(new MemoryStore(), { scope: "galaxy" })],
  "lets a room be made twice": [
    "is made once",
    () =>
      new (class extends MemoryStore {
        override async createRoom(room: Room): Promise<void> {
          await this.deleteRoom(room.id);
          await super.createRoom(room);
        }
      })(),
  ],
  "ignores the version of a patch": [
    "from another version changes nothing",
    () =>
      new (class extends MemoryStore {
        override async patchRoom(roomId: string, patch: RoomPatch, expected: number): Promise<Room> {
          return super.patchRoom(roomId, patch, (await this.getRoom(roomId))?.version ?? expected);
        }
      })(),
  ],
  "looks at the version before it waits": [
    "of two patches made at once",
    () =>
      new (class extends MemoryStore {
        override async patchRoom(roomId: string, patch: RoomPatch, expected: number): Promise<Room> {
          const seen = (await this.getRoom(roomId))?.version;
          await later();
          return super.patchRoom(
            roomId,
            patch,
            seen === expected ? ((await this.getRoom(roomId))?.version ?? 0) : expected,
          );
        }
      })(),
  ],
  "lists rooms of every status": [
    "listed, all or by their status",
    () =>
      new (class extends MemoryStore {
        override listRooms(): Promise<readonly Room[]> {
          return super.listRooms();
        }
      })(),
  ],
  "leaves a gap after each event": [
    "counts from 0 without a gap",
    () =>
      new (class extends MemoryStore {
        override async readEvents(roomId: string, query?: EventQuery): Promise<readonly RoomEvent[]> {
          return (await super.readEvents(roomId, query)).map((event) => ({ ...event, index: event.index * 2 }));
        }
        override async commit(
          roomId: string,
          events: readonly NewEvent[],
          options: CommitOptions,
        ): Promise<CommitResult> {
          const result = await super.commit(roomId, events, options);
          if (result.status !== "committed") return result;
          return { ...result, events: result.events.map((event) => ({ ...event, index: event.index * 2 })) };
        }
      })(),
  ],
  "stores the events of one commit one after the other": [
    "side by side each get indexes",
    () =>
      new (class extends MemoryStore {
        override async commit(
          roomId: string,
          events: readonly NewEvent[],
          options: CommitOptions,
        ): Promise<CommitResult> {
          if (events.length < 2) return super.commit(roomId, events, options);
          const stored: RoomEvent[] = [];
          for (const event of events) {
            await later();
            const result = await super.commit(roomId, [event], options);
            if (!("events" in result)) return result;
            stored.push(...result.events);
          }
          return { status: "committed", events: stored };
        }
      })(),
  ],
  "takes events for a closed room": [
    "closed and archived rooms take nothing",
    () =>
      new (class extends MemoryStore {
        override async patchRoom(roomId: string, patch: RoomPatch, expected: number): Promise<Room> {
          const { status, ...rest } = patch;
          return { ...(await super.patchRoom(roomId, rest, expected)), ...(status && { status }) };
        }
      })(),
  ],
  "forgets what was heard": [
    "comes back as it was given",
    () =>
      new (class extends MemoryStore {
        override commit(roomId: string, events: readonly NewEvent[], options: CommitOptions): Promise<CommitResult> {
          return super.commit(
            roomId,
            events.map(({ heard: _, ...event }) => event),
            options,
          );
        }
      })(),
  ],
  "notes no activity": [
    "notes the activity",
    () =>
      new (class extends MemoryStore {
        override commit(roomId: string, events: readonly NewEvent[]): Promise<CommitResult> {
          return super.commit(roomId, events, { at: 0 });
        }
      })(),
  ],
  "stores a key twice": [
    "the same key again",
    () =>
      new (class extends MemoryStore {
        override commit(roomId: string, events: readonly NewEvent[], options: CommitOptions): Promise<CommitResult> {
          return super.commit(
            roomId,
            events.map(({ idempotencyKey: _, ...event }) => event),
            options,
          );
        }
      })(),
  ],
  "looks for a key before it waits": [
    "many times at once",
    () =>
      new (class extends MemoryStore {
        #seen: Map<string, readonly RoomEvent[]> = new Map();
        override async commit(
          roomId: string,
          events: readonly NewEvent[],
          options: CommitOptions,
        ): Promise<CommitResult> {
          const key = events[0]?.idempotencyKey;
          const seen = key === undefined ? undefined : this.#seen.get(roomId + key);
          await later();
          if (seen) return { status: "duplicate", events: seen };
          const result = await super.commit(
            roomId,
            events.map(({ idempotencyKey: _, ...event }) => event),
            options,
          );
          if (key !== undefined && result.status === "committed") this.#seen.set(roomId + key, result.events);
          return result;
        }
      })(),
  ],
  "shares keys between rooms": [
    "a key belongs to its room",
    () =>
      new (class extends MemoryStore {
        #keys: Set<string> = new Set();
        override async commit(
          roomId: string,
          events: readonly NewEvent[],
          options: CommitOptions,
        ): Promise<CommitResult> {
          const key = events[0]?.idempotencyKey;
          if (key !== undefined && this.#keys.has(key)) return { status: "duplicate", events: [] };
          if (key !== undefined) this.#keys.add(key);
          return super.commit(roomId, events, options);
        }
      })(),
  ],
  "finds no event by its key": [
    "is found by its key",
    () =>
      new (class extends MemoryStore {
        override async findByIdempotencyKey(): Promise<RoomEvent | undefined> {
          return undefined;
        }
      })(),
  ],
  "reads from the wrong end": [
    'reading {"last":3}',
    () =>
      new (class extends MemoryStore {
        override async readEvents(roomId: string, query: EventQuery = {}): Promise<readonly RoomEvent[]> {
          const { last, ...rest } = query;
          return (await super.readEvents(roomId, rest)).slice(0, last);
        }
      })(),
  ],
  "includes the event it reads before": [
    'reading {"before":3}',
    () =>
      new (class extends MemoryStore {
        override readEvents(roomId: string, query: EventQuery = {}): Promise<readonly RoomEvent[]> {
          return super.readEvents(roomId, query.before === undefined ? query : { ...query, before: query.before + 1 });
        }
      })(),
  ],
  "gives out what it keeps": [
    "owns its events",
    () => {
      const kept: RoomEvent[] = [];
      return new (class extends MemoryStore {
        override async commit(
          roomId: string,
          events: readonly NewEvent[],
          options: CommitOptions,
        ): Promise<CommitResult> {
          await super.commit(roomId, events, options);
          for (const event of events) kept.push(Object.assign(event, { roomId, index: kept.length }));
          return { status: "committed", events: kept.slice(-events.length) };
        }
        override async readEvents(): Promise<readonly RoomEvent[]> {
          return [...kept];
        }
      })();
    },
  ],
  "keeps the object it is handed": [
    "owns its bindings",
    () => {
      const kept: Binding[] = [];
      return new (class extends MemoryStore {
        override async putBinding(binding: Binding): Promise<void> {
          await super.putBinding(binding);
          kept.push(binding);
        }
        override async listBindings(): Promise<readonly Binding[]> {
          return kept;
        }
      })();
    },
  ],
  "adds a participant twice": [
    "participants are kept",
    () => {
      const kept: Participant[] = [];
      return new (class extends MemoryStore {
        override async putParticipant(participant: Participant): Promise<void> {
          await super.putParticipant(participant);
          kept.push(structuredClone(participant));
        }
        override async listParticipants(roomId: string): Promise<readonly Participant[]> {
          return structuredClone(kept.filter((participant) => participant.roomId === roomId));
        }
      })();
    },
  ],
  "leaves a deleted room's events": [
    "a deleted room is gone",
    () => {
      const deleted = new Map<string, readonly RoomEvent[]>();
      return new (class extends MemoryStore {
        override async deleteRoom(roomId: string): Promise<void> {
          const events = await super.readEvents(roomId);
          if (events.length > 0) deleted.set(roomId, events);
          await super.deleteRoom(roomId);
        }
        override async readEvents(roomId: string, query?: EventQuery): Promise<readonly RoomEvent[]> {
          return [...(deleted.get(roomId) ?? []), ...(await super.readEvents(roomId, query))];
        }
      })();
    },
  ],
};

async function failures(
  open: () => MemoryStore,
  more: Partial<StoreConformanceOptions> = {},
  required = "",
): Promise<string[]> {
  const failed: string[] = [];
  const suite = storeConformance({ open, ...more }).filter(({ name }) => name.includes(required));
  for (const { name, run } of suite) await run().catch(() => failed.push(name));
  return failed;
}

/** One whose database ends with it, and what that says then, if anything. */
class DatabaseStore extends MemoryStore {
  #gone = false;
  readonly #after: () => Promise<void>;

  constructor(after: () => Promise<void>) {
    super();
    this.#after = after;
  }

  async #ask<T>(query: () => Promise<T>): Promise<T> {
    await later();
    if (this.#gone) await this.#after();
    return await query();
  }

  override createRoom(room: Room): Promise<void> {
    return this.#ask(() => super.createRoom(room));
  }

  override getRoom(roomId: string): Promise<Room | undefined> {
    return this.#ask(() => super.getRoom(roomId));
  }

  override commit(roomId: string, events: readonly NewEvent[], options: CommitOptions): Promise<CommitResult> {
    return this.#ask(() => super.commit(roomId, events, options));
  }

  override async close(): Promise<void> {
    this.#gone = true;
  }
}

describe("storeConformance", () => {
  it("passes a store that is right", async () => {
    expect(await failures(() => new MemoryStore())).toEqual([]);
  });

  for (const [defect, [required, open]] of Object.entries(defects)) {
    it(`finds a store that ${defect}`, async () => {
      expect((await failures(open)).filter((name) => name.includes(required))).toHaveLength(1);
    });
  }

  for (const [defect, required] of Object.entries({ ...CLOSE_DEFECTS, none: "" })) {
    it(`judges a store's close() with the defect: ${defect}`, async () => {
      const connections = { open: 0 };
      const open = (): MemoryStore => {
        const connection = new HeldConnection(connections, defect, () => {});
        return Object.assign(new MemoryStore(), { close: () => connection.close() });
      };
      // One that hangs when it is closed does so in each requirement: those of `close()` are enough.
      const failed = await failures(open, { timeoutMs: 1_500, held: () => connections.open }, "a store ");
      expect(failed.some((name) => name.includes(required))).toBe(defect !== "none");
    });
  }

  it("passes a store whose database ends with it, when that is said with `closed`", async () => {
    const closed = () => Promise.reject(new RoomKitError("closed", "the store is closed"));
    expect(await failures(() => new DatabaseStore(closed))).toEqual([]);
  });

  it.each([
    ["says what its database says", () => Promise.reject(new Error("the database is gone"))],
    ["says nothing", () => new Promise<void>(() => {})],
  ])("finds a store that after its end %s", async (_name, after) => {
    const failed = await failures(() => new DatabaseStore(after), { timeoutMs: 1_500 });
    expect(failed.map((name) => name.slice(0, 40))).toEqual([
      expect.stringContaining("ends what runs"),
      expect.stringContaining("ends what has only begun"),
      expect.stringContaining("answers, or refuses"),
    ]);
  });

  it("ends a requirement that hangs", async () => {
    const open = (): MemoryStore => Object.assign(new MemoryStore(), { getRoom: () => new Promise(() => {}) });
    const [, found] = storeConformance({ open, timeoutMs: 20 });
    await expect(found?.run()).rejects.toMatchObject({ code: "timeout" });
  });
});
