import { RoomKitError } from "../../errors/error.ts";
import { canRead, canWrite } from "../binding.ts";
import type { InboundMessage, PrepareOptions } from "../channel.ts";
import type { RoomEvent } from "../event.ts";
import { Cascade } from "./cascade.ts";
import { assertDraft } from "./content.ts";
import { deliveryContext } from "./delivery-context.ts";
import type { Engine } from "./engine.ts";
import { messageDraft } from "./inbound.ts";
import { sourceOf, writeBlock } from "./permissions.ts";
import type { RoomState } from "./room-state.ts";
import { includes } from "./visibility.ts";

/**
 * Lets the intelligence of a room prepare its reply to what may be said next. Nothing is locked, committed or told, and no hook runs: where
 * hooks may change or block what is said (BEFORE_BROADCAST), nobody is shown it before they have. Never throws.
 */
export function prepareReply(engine: Engine, message: InboundMessage, options: PrepareOptions): void {
  const { roomId, channelId } = message;
  const failed = (error: unknown, of: string): void => {
    const { code } = RoomKitError.from(error, "channel_failed");
    if (!options.signal.aborted) engine.logger.debug({ roomId, channelId: of, code }, "a reply was not prepared");
  };
  try {
    const state = engine.rooms.get(roomId);
    if (options.signal.aborted || engine.scope.aborted || !state?.open) return;
    if (engine.hooks.hasSync("BEFORE_BROADCAST", roomId)) return;
    const event = eventToBe(state, message, engine.clock.wallTime());
    if (!event) return;
    for (const binding of state.bindings.values()) {
      const channel = engine.channels.get(binding.channelId);
      const hears = binding.category === "intelligence" && canRead(binding) && includes(event.visibility, binding);
      const answers = canWrite(binding) && !binding.muted && binding.channelId !== channelId;
      if (!channel?.prepareReply || !hears || !answers) continue;
      const scope = state.scope.child(options.signal);
      const cascade = new Cascade(scope, options.session);
      const context = deliveryContext(engine, { state, channelId: channel.id, cascade, scope });
      const { onUsed } = options;
      const onText = (text: string, over: boolean): void => options.onText?.(text, over, channel.id);
      engine.calls
        .outside(async () => await channel.prepareReply?.(event, { ...context, onUsed, onText }))
        .catch((error: unknown) => failed(error, channel.id));
    }
  } catch (error) {
    failed(error, channelId);
  }
}

/** The event it would be, after all there are; undefined where it would be blocked. */
function eventToBe(state: RoomState, message: InboundMessage, now: number): RoomEvent | undefined {
  const draft = messageDraft(message);
  assertDraft(draft);
  const source = sourceOf(state, message.channelId);
  if (writeBlock(source) !== undefined) return undefined;
  return {
    ...draft,
    id: "",
    roomId: state.id,
    index: Number.MAX_SAFE_INTEGER,
    status: "delivered",
    chainDepth: 0,
    visibility: source.visibility,
    createdAt: draft.createdAt ?? now,
  };
}
