import type { EventDraft, RoomEvent } from "../event.ts";
import type { Cascade } from "./cascade.ts";

/** An event that wants to enter a room's log. */
export interface CommitRequest {
  readonly draft: EventDraft;
  readonly chainDepth: number;
  readonly cascade: Cascade;
  /** Gives the event up before its commit. */
  readonly signal?: AbortSignal | undefined;
  /** Block it for this reason, unless a hook blocks it already. */
  readonly block?: string | undefined;
  /** Channels that delivered the reply while it was made. */
  readonly streamedTo?: ReadonlySet<string> | undefined;
}

/** What became of it. */
export type CommitOutcome =
  | { readonly status: "delivered"; readonly event: RoomEvent }
  | { readonly status: "blocked"; readonly event: RoomEvent; readonly reason: string }
  | { readonly status: "duplicate"; readonly event: RoomEvent };
