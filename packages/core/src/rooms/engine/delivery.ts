import { withTimeout } from "../../time/clock.ts";
import { canRead } from "../binding.ts";
import type { Channel, ChannelReply } from "../channel.ts";
import type { RoomEvent } from "../event.ts";
import type { CallScope } from "./call-scopes.ts";
import type { Cascade } from "./cascade.ts";
import { type Delivery, deliveryContext } from "./delivery-context.ts";
import { type Engine, reportDelivery } from "./engine.ts";
import { repliersTo } from "./repliers.ts";
import { discardReply, handleReply } from "./replies.ts";
import type { RoomState } from "./room-state.ts";
import { includes } from "./visibility.ts";

const NONE: ReadonlySet<string> = new Set();

/**
 * Queues a committed event for every channel that may read it. Called under the room's lock, so that lanes fill in index order; the
 * deliveries run outside of it. AFTER_BROADCAST follows when all of them are over, in index order too.
 */
export function broadcast(
  engine: Engine,
  state: RoomState,
  event: RoomEvent,
  cascade: Cascade,
  streamedTo: ReadonlySet<string> = NONE,
): void {
  const { source, visibility } = event;
  const close = state.notices.open(() => engine.calls.outside(() => tellAfter(engine, state, event, cascade)));
  const jobs = [...state.bindings.values()]
    .filter((binding) => binding.channelId !== source.channelId && canRead(binding) && includes(visibility, binding))
    .map(({ channelId }) => {
      const job = (): Promise<void> => deliverTo(engine, state, channelId, event, cascade, streamedTo.has(channelId));
      // The lane is not part of the call that filled it: what runs in it holds no lock and may wait.
      return engine.calls.outside(() => state.lanes.enqueue(channelId, job)).then(() => state.settle());
    });
  cascade.track(Promise.all(jobs).then(close));
}

/** Those who post in answer to this count as replies, so that they cannot answer themselves for ever. */
function tellAfter(engine: Engine, state: RoomState, event: RoomEvent, cascade: Cascade): void {
  const scope: CallScope = { ...handling(event, cascade), kind: "told", roomId: state.id };
  void engine.calls.enter(scope, async () => {
    engine.events.emit("event_processed", { roomId: state.id, event });
    await engine.hooks.notify("AFTER_BROADCAST", { roomId: state.id, event });
  });
}

function handling(event: RoomEvent, cascade: Cascade): Pick<CallScope, "chainDepth" | "parentEventId" | "cascade"> {
  return { chainDepth: event.chainDepth, parentEventId: event.id, cascade };
}

/** One channel's turn with one event. Whatever it does, this neither throws nor takes longer than its timeouts. */
async function deliverTo(
  engine: Engine,
  state: RoomState,
  channelId: string,
  event: RoomEvent,
  cascade: Cascade,
  streamed: boolean,
): Promise<void> {
  const channel = engine.channels.get(channelId);
  // It may have been detached, or lost its access, while the event waited in the lane.
  if (!channel || !readable(state, channelId)) return;
  await answered(engine, channel, { state, channelId, event, cascade });
  const binding = readable(state, channelId);
  if (!channel.deliver || !binding || binding.outputMuted || streamed) return;
  const scope = cascade.scope.child();
  const delivery = { state, channelId, event, cascade, scope };
  const work = (): Promise<void> => channel.deliver?.(event, deliveryContext(engine, delivery)) ?? Promise.resolve();
  await call(engine, delivery, work).catch((error: unknown) => {
    reportDelivery(engine, state.id, channelId, error);
  });
  scope.release();
}

/** Has an event answered that was delivered before, by those who would: not brought to anybody else again. Resolves when they have been asked. */
export async function deliverAgain(
  engine: Engine,
  state: RoomState,
  event: RoomEvent,
  cascade: Cascade,
): Promise<void> {
  const asking = repliersTo(engine, state, event).map((channel) => {
    const delivery = { state, channelId: channel.id, event, cascade, again: true };
    return engine.calls
      .outside(() => state.lanes.enqueue(channel.id, () => answered(engine, channel, delivery)))
      .then(() => state.settle());
  });
  await Promise.all(asking);
}

/** What a channel answers is on its way when this resolves. */
async function answered(engine: Engine, channel: Channel, to: Omit<Delivery, "scope">): Promise<void> {
  const { state, channelId, cascade } = to;
  const intelligent = state.bindings.get(channelId)?.category === "intelligence";
  if (!channel.onEvent || (cascade.unanswered && intelligent)) return;
  const scope = cascade.scope.child();
  const delivery = { ...to, scope };
  const reply = await ask(engine, channel, delivery);
  if (reply === undefined) scope.release();
  else cascade.track(handleReply(engine, delivery, reply).finally(() => scope.release()));
}

/** The channel's answer; undefined when it has none or failed. */
async function ask(engine: Engine, channel: Channel, delivery: Delivery): Promise<ChannelReply | undefined> {
  let late = false;
  const work = async (): Promise<ChannelReply | undefined> => {
    const reply = await channel.onEvent?.(delivery.event, deliveryContext(engine, delivery));
    if (late && reply) discardReply(reply);
    return reply ?? undefined;
  };
  try {
    return await call(engine, delivery, work);
  } catch (error) {
    late = true;
    reportDelivery(engine, delivery.state.id, channel.id, error);
    return undefined;
  }
}

/** Calls into a channel, for so long; a channel that takes longer is told to stop. */
async function call<T>(engine: Engine, delivery: Delivery, work: () => Promise<T>): Promise<T> {
  const { clock, limits, calls } = engine;
  const { state, channelId, event, cascade, scope } = delivery;
  try {
    const running = calls.enter({ ...handling(event, cascade), kind: "delivery", roomId: state.id }, work);
    return await withTimeout(running, limits.deliveryTimeoutMs, { clock, what: `the channel ${channelId}` });
  } catch (error) {
    scope.abort(error);
    throw error;
  }
}

function readable(state: RoomState, channelId: string): { readonly outputMuted: boolean } | undefined {
  const binding = state.bindings.get(channelId);
  return binding && canRead(binding) ? binding : undefined;
}
