import { RoomKitError } from "../../errors/error.ts";
import type { EventDraft, RoomEvent } from "../event.ts";
import type { NewEvent } from "../store.ts";
import type { CommitOutcome, CommitRequest } from "./commit-request.ts";
import { broadcast } from "./delivery.ts";
import type { Engine } from "./engine.ts";
import { deepFreeze } from "./freeze.ts";
import { ensureParticipant } from "./participants.ts";
import { sourceOf, writeBlock } from "./permissions.ts";
import { fencedError, roomClosed } from "./room-errors.ts";
import type { LockedSection } from "./room-lock.ts";
import type { RoomState } from "./room-state.ts";
import { noteFenced } from "./sessions.ts";
import { isAway } from "./store-watch.ts";
import { narrow } from "./visibility.ts";

/** An event that has passed the hooks, with the reason it is stored as blocked, if any. */
interface Prepared {
  readonly draft: EventDraft;
  readonly blocked?: { readonly by: string; readonly reason: string } | undefined;
}

/**
 * The one way an event gets into a room: under its lock, past the hooks and the permissions, committed with the next index, and
 * queued for delivery before the lock is free, so that the order of delivery is the order of indexes.
 *
 * @throws RoomKitError `room_closed`, `fenced`, `not_attached`, `timeout`, `aborted`, or what the store throws; nothing is stored then.
 */
export async function commitEvent(engine: Engine, state: RoomState, request: CommitRequest): Promise<CommitOutcome> {
  const { draft, chainDepth, cascade, signal } = request;
  const handling = { chainDepth, parentEventId: draft.parentEventId, cascade };
  try {
    return await engine.lock.run(
      state.id,
      { timeoutMs: engine.limits.processTimeoutMs, signal, handling },
      async (section) => {
        const prepared = await section.before(prepare(engine, state, request, section));
        if ("replay" in prepared) return { status: "duplicate", event: prepared.replay };
        return await section.commit(() => store(engine, state, request, prepared, section.fence));
      },
    );
  } catch (error) {
    const roomId = state.id;
    const { channelId } = draft.source;
    if (RoomKitError.is(error, "room_closed")) engine.events.emit("room_refused_event", { roomId, channelId });
    if (RoomKitError.is(error, "timeout")) engine.events.emit("process_timeout", { roomId, channelId });
    throw error;
  }
}

/** Everything that may take time, fail or be given up. Changes nothing. */
async function prepare(
  engine: Engine,
  state: RoomState,
  request: CommitRequest,
  section: LockedSection,
): Promise<Prepared | { readonly replay: RoomEvent }> {
  const { draft } = request;
  await engine.logs.refresh(state, section.fence, section.signal);
  state.assertUsable();
  if (draft.idempotencyKey !== undefined) {
    const original = await engine.logs.find(state, draft.idempotencyKey);
    if (original) return { replay: original };
  }
  const { visibility } = sourceOf(state, draft.source.channelId);
  const asked = { ...draft, visibility: narrow(visibility, draft.visibility, state.bindings.values()) };
  const outcome = await engine.hooks.run("BEFORE_BROADCAST", { roomId: state.id, event: asked }, section.signal);
  // A hook may rewrite what is said, not who says it.
  const { idempotencyKey: _, ...event } = outcome.payload.event;
  const hooked: EventDraft = {
    ...event,
    source: { ...event.source, channelId: draft.source.channelId },
    idempotencyKey: draft.idempotencyKey,
  };
  if (!outcome.allowed) return { draft: hooked, blocked: { by: `hook:${outcome.hook}`, reason: outcome.reason } };
  // Looked at again: a hook may have muted, detached or closed meanwhile. The store refuses a closed room by itself.
  const reason = request.block ?? writeBlock(sourceOf(state, draft.source.channelId));
  return reason === undefined ? { draft: hooked } : { draft: hooked, blocked: { by: reason, reason } };
}

/** The commit and what goes with it; not stopped by anything once it has begun. */
async function store(
  engine: Engine,
  state: RoomState,
  request: CommitRequest,
  prepared: Prepared,
  fence: number | undefined,
): Promise<CommitOutcome> {
  if (state.fenced) throw fencedError(state.id);
  const { blocked } = prepared;
  const { outbox, ...draft } = prepared.draft;
  const at = engine.clock.wallTime();
  const event: NewEvent = {
    ...draft,
    id: engine.ids("event"),
    status: blocked ? "blocked" : "delivered",
    blockedBy: blocked?.by,
    chainDepth: request.chainDepth,
    visibility: draft.visibility ?? "all",
    createdAt: draft.createdAt ?? at,
  };
  const result = await engine.logs.commit(state, [event], { at, fence, outbox: blocked ? undefined : outbox });
  if (result.status === "fenced") {
    noteFenced(engine, state.id);
    throw fencedError(state.id);
  }
  if (result.status === "closed") {
    engine.rooms.noteClosed(state);
    throw roomClosed(state.id);
  }
  const [first] = result.events;
  if (!first) throw new RoomKitError("store_failed", "the store committed an event and did not give it back");
  const committed = deepFreeze(first);
  if (result.status === "duplicate") return { status: "duplicate", event: committed };
  state.noteCommit(committed, at);
  if (blocked) {
    engine.events.emit("event_blocked", { roomId: state.id, event: committed, reason: blocked.reason });
    return { status: "blocked", event: committed, reason: blocked.reason };
  }
  broadcast(engine, state, committed, request.cascade, request.streamedTo);
  await noteActivity(engine, state, committed);
  return { status: "delivered", event: committed };
}

/** What an event says about its room besides itself. The event stands whether or not this can be written down. */
async function noteActivity(engine: Engine, state: RoomState, event: RoomEvent): Promise<void> {
  try {
    if (state.room.status === "paused") {
      await engine.logs.patch(state, { status: "active" });
      engine.timers.watch(state);
    }
    const { participantId } = event.source;
    if (participantId !== undefined && !state.participants.has(participantId))
      await ensureParticipant(engine, state, { id: participantId });
  } catch (error) {
    // With the next event, once the store is back: that it is away was said.
    if (isAway(error)) return;
    engine.logger.warn({ roomId: state.id, code: RoomKitError.from(error).code }, "could not note a room's activity");
  }
}
