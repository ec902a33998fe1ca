import type { Metadata } from "../contracts/voice.ts";
import type { Binding } from "./binding.ts";
import type { OutboxDraft, RoomEvent } from "./event.ts";
import type { KeptSessions } from "./kept-sessions.ts";
import type { Room, RoomStatus, RoomTimers } from "./room.ts";

export type ParticipantRole = "owner" | "agent" | "member" | "observer" | "bot";

export interface Participant {
  readonly id: string;
  readonly roomId: string;
  readonly role: ParticipantRole;
  readonly displayName?: string | undefined;
  readonly metadata: Metadata;
}

/** An event as it goes into the store, which gives it its index. */
export type NewEvent = Omit<RoomEvent, "index" | "roomId">;

export interface CommitOptions {
  /** The activity to note, wall time, ms; stores have no clock. */
  readonly at: number;
  /** That of the room's lease. Once a commit has come with one, those with a smaller one are refused. Absent: not looked at. */
  readonly fence?: number | undefined;
  /** The index that the first event must get: where the log is not that long nothing is stored. Absent: whatever comes next. */
  readonly first?: number | undefined;
  /** Work that must be done because of these events, stored in the same step. */
  readonly outbox?: readonly OutboxDraft[] | undefined;
}

/** An item as it is claimed. */
export interface OutboxItem extends OutboxDraft {
  readonly id: string;
  readonly roomId: string;
  /** How often it was claimed, this time included. */
  readonly attempts: number;
}

/** Work that was committed together with events, to be done at least once by whichever process claims it. */
export interface Outbox {
  /** The oldest that nobody works on, at most `limit`; for `leaseMs` they are nobody else's, then they are claimed again. */
  claim(limit: number, leaseMs: number): Promise<readonly OutboxItem[]>;
  /** It is done. Again, or for one it does not know, nothing happens. */
  done(id: string): Promise<void>;
}

export interface RoomPatch {
  readonly status?: RoomStatus | undefined;
  readonly timers?: RoomTimers | undefined;
  readonly metadata?: Metadata | undefined;
  readonly lastActivityAt?: number | undefined;
}

export type CommitResult =
  /** Stored, with contiguous indexes. */
  | { readonly status: "committed"; readonly events: readonly RoomEvent[] }
  /** The idempotency key of the first event was seen before: the original events, nothing stored. */
  | { readonly status: "duplicate"; readonly events: readonly RoomEvent[] }
  /** Another has taken the room over with this greater fence; nothing stored. */
  | { readonly status: "fenced"; readonly fence: number }
  /** The log is not as long as `first` says; nothing stored. */
  | { readonly status: "moved"; readonly eventCount: number }
  /** The room takes no more events; nothing stored. */
  | { readonly status: "closed" };

export interface EventQuery {
  /** Only events with a greater index. */
  readonly after?: number | undefined;
  /** Only events with a smaller index. */
  readonly before?: number | undefined;
  /** The newest so many of those, still oldest first. */
  readonly last?: number | undefined;
}

/**
 * Where rooms live. One that cannot be reached throws `store_unavailable`: calls go on then, and are written down later. A store owns its copies: changing an object after handing it over, or one it gave, changes nothing in it.
 * Implementations outside core keep to the same conformance suite.
 */
export interface ConversationStore {
  /** `shared` stores need shared leases; the kit refuses to pair one with leases of one process. */
  readonly scope: "process" | "shared";
  /** @throws RoomKitError `room_exists`. */
  createRoom(room: Room): Promise<void>;
  getRoom(roomId: string): Promise<Room | undefined>;
  /** @throws RoomKitError `conflict` when the version is no longer `expectVersion`, `unknown_room`. */
  patchRoom(roomId: string, patch: RoomPatch, expectVersion: number): Promise<Room>;
  listRooms(filter?: { readonly status?: RoomStatus | undefined }): Promise<readonly Room[]>;
  /** Forgets the room with all that belongs to it; nothing happens when there is none. */
  deleteRoom(roomId: string): Promise<void>;
  /**
   * The only way a log grows: one atomic step that looks at the fence, stores the events and the outbox, counts and notes the activity. It
   * does not change the room's `version`. One of nothing stores nothing, and its fence counts. @throws RoomKitError `unknown_room`.
   */
  commit(roomId: string, events: readonly NewEvent[], options: CommitOptions): Promise<CommitResult>;
  readonly outbox: Outbox;
  /** Sessions that may outlive their process. Absent: a store that keeps none. A deleted room's go with it. */
  readonly sessions?: KeptSessions | undefined;
  /** Resolves when the store can be used now: for readiness checks. */
  ping(): Promise<void>;
  /** Oldest first; empty for a room it does not know. */
  readEvents(roomId: string, query?: EventQuery): Promise<readonly RoomEvent[]>;
  /** The event committed with this key in this room. */
  findByIdempotencyKey(roomId: string, key: string): Promise<RoomEvent | undefined>;
  /** Adds or replaces. @throws RoomKitError `unknown_room`. */
  putBinding(binding: Binding): Promise<void>;
  removeBinding(roomId: string, channelId: string): Promise<void>;
  /** In the order they were first put. */
  listBindings(roomId: string): Promise<readonly Binding[]>;
  /** Adds or replaces. @throws RoomKitError `unknown_room`. */
  putParticipant(participant: Participant): Promise<void>;
  /** In the order they were first put. */
  listParticipants(roomId: string): Promise<readonly Participant[]>;
  /**
   * Releases connections. What runs is done or fails with `closed`, and so does every later call. Idempotent: again, or twice at once,
   * it resolves when all are released.
   */
  close(): Promise<void>;
}
