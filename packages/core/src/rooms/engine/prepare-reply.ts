import { RoomKitError } from "../../errors/error.ts";
import type { InboundMessage, PrepareOptions } from "../channel.ts";
import { Cascade } from "./cascade.ts";
import { deliveryContext } from "./delivery-context.ts";
import type { Engine } from "./engine.ts";
import { eventToBe, repliersTo } from "./repliers.ts";

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
    for (const channel of repliersTo(engine, state, event)) {
      if (!channel.prepareReply) continue;
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
