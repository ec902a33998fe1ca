import type { Metadata } from "../contracts/voice.ts";
import type { IdSource } from "../ids/ids.ts";
import type { Logger } from "../log/logger.ts";
import type { Clock } from "../time/clock.ts";
import type { Access, ChannelCategory, Visibility } from "./binding.ts";
import type { EventDraft, EventSource } from "./event.ts";
import type { LeaseManager } from "./lease.ts";
import type { RoomTimers } from "./room.ts";
import type { ConversationStore, Participant, ParticipantRole } from "./store.ts";

/** The bounds of a kit; every one is a whole number >= 1. */
export interface RoomKitLimits {
  /** A reply to a reply to a ... so deep is stored as blocked. Default 5. */
  readonly maxChainDepth: number;
  /** From the call to the commit, ms: waiting for the room and its BEFORE_BROADCAST hooks. Default 30,000. */
  readonly processTimeoutMs: number;
  /** One `onEvent`, `deliver`, `join`, `leave`, `onAttached` or `onDetached` of a channel, ms. Default 30,000. */
  readonly deliveryTimeoutMs: number;
  /** From one piece of a streamed reply to the next, ms. Default 60,000. */
  readonly streamIdleTimeoutMs: number;
  /** One `deliverStream` of a channel from its start to the last word heard, ms. Default 600,000. */
  readonly streamDeliveryTimeoutMs: number;
  /** Closing one channel, and waiting for what is under way, ms. Default 10,000. */
  readonly closeTimeoutMs: number;
  /** Length of one streamed reply in UTF-16 code units. Default 1,000,000. */
  readonly maxReplyChars: number;
  /** Deliveries queued in one room before it refuses further messages as `room_busy`. Default 1,000. */
  readonly maxPendingDeliveries: number;
  /** How long a room's `shared` lease is held unless renewed, ms; it is renewed three times as often. Default 5,000. */
  readonly leaseTtlMs: number;
  /** How long a session is kept whose process has gone: so long its client may come back to another, ms. Default 60,000. */
  readonly keptSessionMs: number;
  /** The longest a turn waits for a `shared` store; one that has not answered by then counts as down until it does, ms. Default 1,000. */
  readonly storeTimeoutMs: number;
  /** Events of one room that are kept while the store is down; past that they are refused as `store_unavailable`. Default 1,000. */
  readonly maxKeptEvents: number;
  /** The same of all rooms together, UTF-16 code units. Default 32,000,000. */
  readonly maxKeptLength: number;
}

export interface RoomKitOptions extends Partial<RoomKitLimits> {
  /** Default: this process's memory. Whoever made it closes it, once its kits are closed. */
  readonly store?: ConversationStore | undefined;
  /** Who may change a room. Default: leases of this process. A `shared` store needs `shared` leases. Whoever made them closes them. */
  readonly leases?: LeaseManager | undefined;
  /** This process, as the holder of its leases: another for each process. Default: a random one. */
  readonly owner?: string | undefined;
  /**
   * Whether voice sessions are kept in the store, so that another process, or this one when it was started again, goes on with them. Default: true
   * where the store has `sessions` and outlives the process.
   */
  readonly keepSessions?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: IdSource | undefined;
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger | undefined;
}

/** The source of events that the application puts into a room itself. No channel may be called so. */
export const SYSTEM_CHANNEL_ID = "system";

export interface CreateRoomOptions {
  /** Default: a random one. */
  readonly id?: string | undefined;
  readonly metadata?: Metadata | undefined;
  readonly timers?: RoomTimers | undefined;
}

/** How a channel stands in a room. */
export interface AttachOptions {
  /** Default: the channel's own. */
  readonly category?: ChannelCategory | undefined;
  /** Default `read_write`. */
  readonly access?: Access | undefined;
  /** Who sees what the channel says. Default `all`. */
  readonly visibility?: Visibility | undefined;
  /** Default false. */
  readonly muted?: boolean | undefined;
  /** Default false. */
  readonly outputMuted?: boolean | undefined;
  /** The application's; channels may read settings from it. */
  readonly metadata?: Metadata | undefined;
}

/** An event that the application puts into a room itself. */
export interface AppEvent extends Omit<EventDraft, "source"> {
  /** Default: the application (`system`), as `assistant`. Naming a channel says it as that channel, with its permissions. */
  readonly source?: Partial<EventSource> | undefined;
}

/** `immediate`: now. `wait-for-idle`: when nothing is being said. `queued`: likewise, together with what else waits so. */
export type DeliveryStrategy = "immediate" | "wait-for-idle" | "queued";

export interface DeliverOptions {
  /** Default `immediate`. */
  readonly strategy?: DeliveryStrategy | undefined;
  /** `assistant`: the people in the room are told this. `system`: the intelligence in it is. Default `assistant`. */
  readonly role?: "assistant" | "system" | undefined;
  /** How long it must have been quiet, ms. Default 1,000. Of texts queued together, the first one's count. */
  readonly quietMs?: number | undefined;
  /** Said after so long even when it never got quiet, ms. Default 15,000. */
  readonly maxWaitMs?: number | undefined;
  /** Gives it up while it waits. */
  readonly signal?: AbortSignal | undefined;
}

/** A participant as an application names one. */
export interface ParticipantInput {
  readonly id: string;
  /** Default `member`. */
  readonly role?: ParticipantRole | undefined;
  readonly displayName?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

export type ParticipantPatch = Partial<Pick<Participant, "role" | "displayName" | "metadata">>;
