import { abortedError, RoomKitError } from "../../errors/error.ts";
import type { InboundMessage, InboundOptions, InboundResult } from "../channel.ts";
import type { EventDraft } from "../event.ts";
import { type AppEvent, SYSTEM_CHANNEL_ID } from "../options.ts";
import type { CallScope } from "./call-scopes.ts";
import { Cascade } from "./cascade.ts";
import type { CommitRequest } from "./commit-request.ts";
import { assertDraft } from "./content.ts";
import type { Engine } from "./engine.ts";
import { assertOpen, loadRoom } from "./locked.ts";
import type { RoomState } from "./room-state.ts";

/** {@link postEvent} for what somebody says through a channel. */
export async function postMessage(
  engine: Engine,
  message: InboundMessage,
  options?: InboundOptions,
): Promise<InboundResult> {
  const draft = messageDraft(message);
  return await postEvent(engine, message.roomId, draft, options);
}

/** What a message would be in the log. @throws RoomKitError `invalid_message`. */
export function messageDraft(message: InboundMessage): EventDraft {
  if (typeof message !== "object" || message === null)
    throw new RoomKitError("invalid_message", "a message must be an object");
  const { roomId: _, channelId, participantId, role, ...rest } = message;
  return {
    ...rest,
    source: { channelId, role: role ?? "user", participantId },
  };
}

/** Makes an application's event a draft. @throws RoomKitError `invalid_message`. */
export function appDraft(event: AppEvent): EventDraft {
  if (typeof event !== "object" || event === null)
    throw new RoomKitError("invalid_message", "an event must be an object");
  return { ...event, source: { channelId: SYSTEM_CHANNEL_ID, role: "assistant", ...event.source } };
}

/** Puts an event into a room and waits for everything it causes; see `ChannelHost.processInbound` for what it throws. */
export async function postEvent(
  engine: Engine,
  roomId: string,
  draft: EventDraft,
  options: InboundOptions = {},
): Promise<InboundResult> {
  const posted = post(engine, roomId, draft, options);
  engine.active.add(posted);
  try {
    return await posted;
  } finally {
    engine.active.delete(posted);
  }
}

async function post(
  engine: Engine,
  roomId: string,
  draft: EventDraft,
  options: InboundOptions,
): Promise<InboundResult> {
  const { signal, replySignal, session, unanswered } = options;
  assertDraft(draft);
  if (signal?.aborted) throw abortedError(signal);
  assertOpen(engine);
  const { channelId } = draft.source;
  if (channelId !== SYSTEM_CHANNEL_ID && !engine.channels.has(channelId)) {
    throw new RoomKitError("unknown_channel", `no channel ${channelId} is registered`);
  }
  // Asked before the first await: afterwards it might no longer be the same call.
  const around = engine.calls.current();
  const detached = engine.calls.mustNotWait();
  const state = await loadRoom(engine, roomId, signal);
  assertRoomFor(engine, state);
  const cascade = new Cascade(state.scope.child(signal, replySignal), session, unanswered);
  try {
    const outcome = await engine.commit(state, { ...within(engine, draft, around, roomId), cascade, signal });
    // Whoever waits for the outer event waits for this one too.
    if (detached) around?.cascade?.track(cascade.done());
    else await cascade.done();
    return outcome;
  } finally {
    void cascade.done().then(() => cascade.scope.release());
  }
}

/** An event posted from inside the handling of another follows from it, as a reply does. */
function within(
  engine: Engine,
  draft: EventDraft,
  around: CallScope | undefined,
  roomId: string,
): Pick<CommitRequest, "draft" | "chainDepth" | "block"> {
  if (!around) return { draft, chainDepth: 0 };
  const chainDepth = around.chainDepth + 1;
  const parentEventId = draft.parentEventId ?? (around.roomId === roomId ? around.parentEventId : undefined);
  const { maxChainDepth } = engine.limits;
  const tooDeep = chainDepth >= maxChainDepth;
  if (tooDeep) engine.events.emit("chain_depth_exceeded", { roomId, channelId: draft.source.channelId });
  // Recording even these would ask the hooks again, and it may be a hook that never stops posting.
  if (chainDepth > maxChainDepth)
    throw new RoomKitError("chain_too_deep", `more than ${maxChainDepth} events follow from each other`);
  return {
    draft: { ...draft, parentEventId },
    chainDepth,
    block: tooDeep ? "event_chain_depth_limit" : undefined,
  };
}

function assertRoomFor(engine: Engine, state: RoomState): void {
  if (state.backlog < engine.limits.maxPendingDeliveries) return;
  throw new RoomKitError("room_busy", `${state.backlog} deliveries of the room wait already`, { retryable: true });
}
