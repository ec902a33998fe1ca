import type { Metadata } from "../contracts/voice.ts";
import type { Binding } from "./binding.ts";
import type { RoomEvent } from "./event.ts";
import type { Room, RoomStatus, RoomTimers } from "./room.ts";

export interface Participant {
  readonly id: string;
  readonly roomId: string;
  readonly role: "owner" | "agent" | "member" | "observer" | "bot";
  readonly displayName?: string;
  readonly metadata: Metadata;
}

/** An event as it goes into the store, which gives it its index. */
export type NewEvent = Omit<RoomEvent, "index" | "roomId">;

export interface RoomPatch {
  readonly status?: RoomStatus;
  readonly timers?: RoomTimers;
  readonly metadata?: Metadata;
  readonly lastActivityAt?: number;
}

export type CommitResult =
  /** Stored, with contiguous indexes. */
  | { readonly status: "committed"; readonly events: readonly RoomEvent[] }
  /** The idempotency key of the first event was seen before: the original events, nothing stored. */
  | { readonly status: "duplicate"; readonly events: readonly RoomEvent[] }
  /** The room takes no more events; nothing stored. */
  | { readonly status: "closed" };

export interface EventQuery {
  /** Only events with a greater index. */
  readonly after?: number;
  /** The newest so many of those, still oldest first. */
  readonly last?: number;
}

/**
 * Where rooms live. A store owns its copies: changing an object after handing it over, or one it gave, changes nothing in it.
 * Implementations outside core keep to the same conformance suite.
 */
export interface ConversationStore {
  /** `shared` stores need shared locks; the kit refuses to pair one with in-process locks. */
  readonly scope: "process" | "shared";
  /** @throws RoomKitError `room_exists`. */
  createRoom(room: Room): Promise<void>;
  getRoom(roomId: string): Promise<Room | undefined>;
  /** @throws RoomKitError `conflict` when the version is no longer `expectVersion`, `unknown_room`. */
  patchRoom(roomId: string, patch: RoomPatch, expectVersion: number): Promise<Room>;
  listRooms(filter?: { readonly status?: RoomStatus }): Promise<readonly Room[]>;
  deleteRoom(roomId: string): Promise<void>;
  /** The only way a log grows: one atomic step that stores the events, counts them and notes the activity. @throws RoomKitError `unknown_room`. */
  commit(roomId: string, events: readonly NewEvent[]): Promise<CommitResult>;
  readEvents(roomId: string, query?: EventQuery): Promise<readonly RoomEvent[]>;
  putBinding(binding: Binding): Promise<void>;
  removeBinding(roomId: string, channelId: string): Promise<void>;
  listBindings(roomId: string): Promise<readonly Binding[]>;
  putParticipant(participant: Participant): Promise<void>;
  listParticipants(roomId: string): Promise<readonly Participant[]>;
  close(): Promise<void>;
}

/** Gives one holder at a time a key. */
export interface LockManager {
  readonly scope: "process" | "shared";
  /** Runs `work` alone for `key`, in the order of the calls. @throws RoomKitError `timeout` or `aborted` while waiting; `work` then never runs. */
  withLock<T>(key: string, work: () => Promise<T>, options?: { readonly waitMs?: number; readonly signal?: AbortSignal }): Promise<T>;
}
