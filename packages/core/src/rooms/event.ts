import type { Metadata } from "../contracts/voice.ts";
import type { Visibility } from "./binding.ts";

/** What an event says. */
export type EventContent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool-call"; readonly callId: string; readonly name: string; readonly arguments: unknown }
  | {
      readonly type: "tool-result";
      readonly callId: string;
      readonly name: string;
      readonly result: string;
      readonly isError: boolean;
    }
  /** Something the system did: attached, detached, interrupted, ... */
  | { readonly type: "system"; readonly code: string; readonly data?: Metadata | undefined };

/** Who said it. */
export interface EventSource {
  readonly channelId: string;
  readonly participantId?: string | undefined;
  /** How the words count in a conversation with a model. */
  readonly role: "user" | "assistant" | "system";
}

/**
 * For a spoken reply: what the listener heard. `content.text` of such an event IS the heard text, so that everyone who reads
 * the log reads what was really said; the rest stands here.
 */
export interface HeardRecord {
  /** Somebody stopped it: the listener, the application, or whoever ended the call. False when the voice failed. */
  readonly interrupted: boolean;
  /** What was generated and never heard; empty when all of it was. */
  readonly unheard: string;
  readonly playedMs: number;
  readonly confidence: "reported" | "estimated";
}

/** Work that must be done at least once because of an event: see `ConversationStore.outbox`. */
export interface OutboxDraft {
  /** Who does it: what consumers tell items apart by. */
  readonly topic: string;
  /** Data only. */
  readonly data: unknown;
}

/** What a channel hands to the room: an event before the store has given it a place. */
export interface EventDraft {
  readonly content: EventContent;
  readonly source: EventSource;
  readonly visibility?: Visibility | undefined;
  /** A second commit with the same key in the same room gives back the first event. */
  readonly idempotencyKey?: string | undefined;
  readonly parentEventId?: string | undefined;
  /** Joins what belongs to one turn. */
  readonly correlationId?: string | undefined;
  /** When it was said, wall time; absent: when it is committed. */
  readonly createdAt?: number | undefined;
  readonly heard?: HeardRecord | undefined;
  readonly metadata?: Metadata | undefined;
  /** Committed with the event and no part of it. Of a blocked event nothing is. At most 100. */
  readonly outbox?: readonly OutboxDraft[] | undefined;
}

/** One entry of a room's log. */
export interface RoomEvent extends Omit<EventDraft, "outbox"> {
  readonly id: string;
  readonly roomId: string;
  /** 0, 1, 2, ... without a gap. */
  readonly index: number;
  readonly status: "delivered" | "blocked";
  /**
   * Why a blocked event was blocked: `hook:<name>`, `source_muted`, `source_read_only`, `event_chain_depth_limit`,
   * `cascade_limit`.
   */
  readonly blockedBy?: string | undefined;
  /** Replies to replies count up; see `maxChainDepth`. */
  readonly chainDepth: number;
  readonly visibility: Visibility;
  readonly createdAt: number;
}

/** The text of an event, or `""` when it has none. */
export function eventText(event: Pick<EventDraft, "content">): string {
  return event.content.type === "text" ? event.content.text : "";
}
