import { RoomKitError } from "../../errors/error.ts";
import type { ChannelReply, ReplyStream } from "../channel.ts";
import type { EventDraft } from "../event.ts";
import type { Delivery } from "./delivery-context.ts";
import { type Engine, reportDelivery } from "./engine.ts";
import { commitReply, completeDraft, type PendingReply } from "./pending-reply.ts";
import { writeBlock } from "./permissions.ts";
import type { RoomState } from "./room-state.ts";
import { runStream } from "./stream-reply.ts";

/** Events in one reply; a channel that gives more has lost its way. */
const MAX_EVENTS = 256;
/** Replies one inbound event may cause, for each level of the chain. */
const REPLIES_PER_LEVEL = 10;

/** Appends what a channel answered, one level deeper in the chain. Never throws: a reply that fails is its channel's failure. */
export async function handleReply(engine: Engine, delivery: Delivery, reply: ChannelReply): Promise<void> {
  const events = reply.events ?? [];
  if (events.length === 0 && !reply.stream) return;
  const { state, channelId, event: trigger, cascade, scope } = delivery;
  const pending: PendingReply = { channelId, trigger, cascade, scope, block: chainBlock(engine, delivery) };
  try {
    await commitEvents(engine, state, pending, events).catch((error: unknown) => {
      discardReply(reply);
      throw error;
    });
    if (reply.stream) await streamReply(engine, state, pending, reply.stream);
  } catch (error) {
    // A closed room has been reported as such; it is not the channel's fault.
    if (!RoomKitError.is(error, "room_closed")) reportDelivery(engine, state.id, channelId, error);
  }
}

async function commitEvents(
  engine: Engine,
  state: RoomState,
  pending: PendingReply,
  events: readonly EventDraft[],
): Promise<void> {
  if (!Array.isArray(events) || events.length > MAX_EVENTS) {
    throw new RoomKitError("invalid_reply", `a reply is at most ${MAX_EVENTS} events`);
  }
  for (const draft of events) await commitReply(engine, state, pending, completeDraft(pending, draft));
}

/** Ends a reply nobody wants: its stream is closed without being read. */
export function discardReply(reply: ChannelReply): void {
  if (reply.stream) closeUnread(reply.stream);
}

async function streamReply(
  engine: Engine,
  state: RoomState,
  pending: PendingReply,
  stream: ReplyStream,
): Promise<void> {
  const binding = state.bindings.get(pending.channelId);
  const block = pending.block ?? (binding && writeBlock(binding));
  if (binding && state.open && block === undefined) return await runStream(engine, state, pending, stream);
  closeUnread(stream);
  pending.scope.abort(new RoomKitError("aborted", "the reply is not wanted"));
  // Recorded without a word, as none was made; refused where the room or the channel is gone.
  const silent = completeDraft(pending, {
    content: { type: "text", text: "" },
    source: { channelId: pending.channelId, role: "assistant" },
  });
  await commitReply(engine, state, { ...pending, block }, silent);
}

/** The reason a reply is too much of a chain, if it is. */
function chainBlock(engine: Engine, { state, channelId, event, cascade }: Delivery): string | undefined {
  const { maxChainDepth } = engine.limits;
  if (event.chainDepth + 1 >= maxChainDepth) {
    engine.events.emit("chain_depth_exceeded", { roomId: state.id, channelId });
    return "event_chain_depth_limit";
  }
  // Not deep, but wide: several channels that all answer each other.
  return cascade.takeReply(maxChainDepth * REPLIES_PER_LEVEL) ? undefined : "cascade_limit";
}

function closeUnread(stream: ReplyStream): void {
  try {
    const closed = stream.text[Symbol.asyncIterator]().return?.();
    Promise.resolve(closed).catch(() => {});
  } catch {
    // What cannot even be closed holds nothing of ours.
  }
}
