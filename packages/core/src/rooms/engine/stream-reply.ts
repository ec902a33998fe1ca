import { RoomKitError } from "../../errors/error.ts";
import type { AbortScope } from "../../time/abort-scope.ts";
import { withGrace, withTimeout } from "../../time/clock.ts";
import { type Binding, canRead } from "../binding.ts";
import type { Channel, ReplyStream, StreamDelivery } from "../channel.ts";
import type { EventDraft } from "../event.ts";
import { deliveryContext } from "./delivery-context.ts";
import { type Engine, reportDelivery } from "./engine.ts";
import { commitReply, completeDraft, type PendingReply } from "./pending-reply.ts";
import type { RoomState } from "./room-state.ts";
import { type SharedText, StreamFanout } from "./stream-fanout.ts";
import { includes } from "./visibility.ts";

/** How one channel fared with a streamed reply. */
interface Received {
  readonly channelId: string;
  readonly text: SharedText;
  /** Absent when the channel failed. */
  readonly delivery?: StreamDelivery | undefined;
}

/**
 * Runs a reply that is still being made: outside of lock and lane, to all channels that can take it as it comes; when they
 * are through (heard, or cut off), it is appended once, as what was heard. With no such channel it is read to its end first.
 */
export async function runStream(
  engine: Engine,
  state: RoomState,
  pending: PendingReply,
  stream: ReplyStream,
): Promise<void> {
  // Beside the channel's own scope, not below it: when the source is closed early, listeners still play what they have.
  const scope = pending.cascade.scope.child();
  const stopModel = (): void => pending.scope.abort(scope.signal.reason);
  scope.signal.addEventListener("abort", stopModel, { once: true });
  await state.streaming({ channelId: pending.channelId, role: "source", scope }, async () => {
    const { draft, received } = await makeReply(engine, state, pending, stream, scope);
    if (draft) await commitReply(engine, state, pending, completeDraft(pending, draft), streamedTo(received));
    for (const next of stream.after?.() ?? []) await commitReply(engine, state, pending, completeDraft(pending, next));
  });
  scope.release();
}

/** Has the reply made and heard; gives back what is to be appended, if anything. */
async function makeReply(
  engine: Engine,
  state: RoomState,
  pending: PendingReply,
  stream: ReplyStream,
  scope: AbortScope,
): Promise<{ readonly draft?: EventDraft | undefined; readonly received: readonly Received[] }> {
  const { channelId } = pending;
  const startedAt = engine.clock.wallTime();
  const fanout = new StreamFanout(stream.text, {
    clock: engine.clock,
    signal: scope.signal,
    idleTimeoutMs: engine.limits.streamIdleTimeoutMs,
    maxChars: engine.limits.maxReplyChars,
    onClosed: () => pending.scope.abort(new RoomKitError("aborted", "nobody listens to the reply any more")),
  });
  const listening = streamTargets(engine, state, channelId).map((channel) => {
    const listener = scope.child();
    const work = (): Promise<Received> => deliverTo(engine, state, pending, channel, fanout, listener);
    return state.streaming({ channelId: channel.id, role: "listener", scope: listener }, work);
  });
  const received = await Promise.all(listening);
  const heard = longest(received.flatMap(({ delivery }) => (delivery ? [delivery] : [])));
  // Nobody took it as it came: it is read to its end and delivered whole.
  if (!heard) await fanout.drain();
  fanout.close();
  const failure = fanout.error;
  if (failure !== undefined) reportStream(engine, state, channelId, failure);
  const text = heard?.text ?? (scope.aborted ? mostTaken(received) : fanout.text);
  if (text === "" && !heard?.heard) return { received };
  const ended = scope.aborted ? "cancelled" : failure === undefined ? undefined : "failed";
  const draft: EventDraft = {
    content: { type: "text", text },
    source: { channelId, role: "assistant" },
    createdAt: startedAt,
    ...(heard?.heard && { heard: heard.heard }),
    ...(ended !== undefined && { metadata: { ended } }),
  };
  return { draft, received };
}

/** The channels that take a reply as it comes, here and now. */
function streamTargets(engine: Engine, state: RoomState, from: string): Channel[] {
  const source = state.bindings.get(from);
  if (!source) return [];
  return [...state.bindings.values()].flatMap((binding) => {
    const channel = engine.channels.get(binding.channelId);
    return channel && mayHear(source, binding) && canStream(engine, state, channel) ? [channel] : [];
  });
}

function mayHear(source: Binding, reader: Binding): boolean {
  return (
    reader.channelId !== source.channelId &&
    canRead(reader) &&
    !reader.outputMuted &&
    includes(source.visibility, reader)
  );
}

function canStream(engine: Engine, state: RoomState, channel: Channel): boolean {
  try {
    return channel.deliverStream !== undefined && channel.canStream?.(state.id) === true;
  } catch (error) {
    reportDelivery(engine, state.id, channel.id, error);
    return false;
  }
}

/** One channel's delivery. Never throws. */
async function deliverTo(
  engine: Engine,
  state: RoomState,
  pending: PendingReply,
  channel: Channel,
  fanout: StreamFanout,
  scope: AbortScope,
): Promise<Received> {
  const { clock, limits } = engine;
  const { cascade } = pending;
  const failed: Received = { channelId: channel.id, text: fanout.share() };
  const stop = clock.setTimeout(() => {
    const ms = limits.streamDeliveryTimeoutMs;
    scope.abort(new RoomKitError("timeout", `the channel ${channel.id} took longer than ${ms} ms`));
  }, limits.streamDeliveryTimeoutMs);
  try {
    // What the channel has not got yet comes before the reply to it.
    await withTimeout(state.lanes.tail(channel.id), limits.deliveryTimeoutMs, { clock, signal: scope.signal }).catch(
      () => {},
    );
    if (scope.aborted || !state.bindings.has(channel.id) || !channel.deliverStream) return failed;
    const { correlationId } = pending.trigger;
    const reply = {
      text: failed.text,
      channelId: pending.channelId,
      correlationId,
    };
    const context = deliveryContext(engine, { state, channelId: channel.id, cascade, scope });
    const running = engine.calls.outside(() => channel.deliverStream?.(reply, context));
    const delivery = await withGrace(Promise.resolve(running), scope.signal, limits.deliveryTimeoutMs, clock);
    if (typeof delivery?.text !== "string")
      throw new RoomKitError("invalid_delivery", "deliverStream gives back the text that was heard");
    return { ...failed, delivery };
  } catch (error) {
    // What ended the reply itself is reported once, as the reply's; being cancelled is no failure.
    const cancelled = RoomKitError.is(scope.signal.reason, "aborted") || cascade.scope.aborted;
    if (error !== fanout.error && !cancelled) reportDelivery(engine, state.id, channel.id, error);
    return failed;
  } finally {
    stop();
    scope.release();
  }
}

function longest(deliveries: readonly StreamDelivery[]): StreamDelivery | undefined {
  return deliveries.reduce<StreamDelivery | undefined>(
    (best, delivery) => (best && best.text.length >= delivery.text.length ? best : delivery),
    undefined,
  );
}

function mostTaken(received: readonly Received[]): string {
  return received.reduce((most, { text }) => (text.taken.length > most.length ? text.taken : most), "");
}

/** Those who got the reply as it was made: a channel that failed before its first word gets it as a whole. */
function streamedTo(received: readonly Received[]): ReadonlySet<string> {
  const got = received.filter(({ delivery, text }) => delivery !== undefined || text.taken !== "");
  return new Set(got.map(({ channelId }) => channelId));
}

function reportStream(engine: Engine, state: RoomState, channelId: string, cause: unknown): void {
  const error = RoomKitError.from(cause, "stream_failed");
  engine.logger.warn({ roomId: state.id, channelId, code: error.code }, "a streamed reply failed");
  engine.events.emit("ai_error", { roomId: state.id, channelId, error });
  void engine.hooks.notify("ON_ERROR", { roomId: state.id, where: `reply:${channelId}`, error });
}
