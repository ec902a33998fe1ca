import type { AbortScope } from "../../time/abort-scope.ts";
import type { EventDraft, RoomEvent } from "../event.ts";
import type { Cascade } from "./cascade.ts";
import type { CommitOutcome, CommitRequest } from "./commit-request.ts";
import { assertDraft } from "./content.ts";
import type { Engine } from "./engine.ts";
import type { RoomState } from "./room-state.ts";

/** A reply on its way into the room. */
export interface PendingReply {
  readonly channelId: string;
  readonly trigger: RoomEvent;
  readonly cascade: Cascade;
  /** Aborts with the turn, the room or the channel's own failure: the signal the channel was given. */
  readonly scope: AbortScope;
  /** Why it must be stored as blocked whatever it says. */
  readonly block: string | undefined;
}

/** Appends one event of a reply. */
export function commitReply(
  engine: Engine,
  state: RoomState,
  pending: PendingReply,
  draft: EventDraft,
  streamedTo?: CommitRequest["streamedTo"],
): Promise<CommitOutcome> {
  const { trigger, cascade, block } = pending;
  return engine.commit(state, { draft, chainDepth: trigger.chainDepth + 1, cascade, block, streamedTo });
}

/** A draft as the replying channel's own, joined to what it answers. */
export function completeDraft(pending: PendingReply, draft: EventDraft): EventDraft {
  const { channelId, trigger } = pending;
  const correlationId = draft?.correlationId ?? trigger.correlationId;
  const whole: EventDraft = {
    ...draft,
    // A channel speaks for nobody but itself.
    source: { ...draft?.source, channelId },
    parentEventId: draft?.parentEventId ?? trigger.id,
    correlationId,
  };
  assertDraft(whole);
  return whole;
}
