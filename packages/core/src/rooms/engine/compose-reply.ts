import { abortedError } from "../../errors/error.ts";
import { untilAborted } from "../../time/until-aborted.ts";
import type { ComposeOptions, InboundMessage } from "../channel.ts";
import { Cascade } from "./cascade.ts";
import { deliveryContext } from "./delivery-context.ts";
import type { Engine } from "./engine.ts";
import { eventToBe, repliersTo } from "./repliers.ts";

/**
 * What the intelligence of a room has to say upon something that is no event: of the first that has any words. Nothing is locked, committed or told.
 * Empty where nobody has. @throws RoomKitError `aborted`, `invalid_message`, or what the channel throws.
 */
export async function composeReply(engine: Engine, message: InboundMessage, options: ComposeOptions): Promise<string> {
  const { signal, session } = options;
  const state = engine.rooms.get(message.roomId);
  if (engine.scope.aborted || !state?.open) return "";
  const event = eventToBe(state, message, engine.clock.wallTime());
  if (!event) return "";
  for (const channel of repliersTo(engine, state, event)) {
    if (signal.aborted) throw abortedError(signal);
    if (!channel.composeReply) continue;
    const scope = state.scope.child(signal);
    try {
      const cascade = new Cascade(scope, session);
      const context = deliveryContext(engine, { state, channelId: channel.id, cascade, scope });
      const composed = engine.calls.outside(async () => await channel.composeReply?.(event, context));
      const words = await untilAborted(composed, scope.signal);
      if (words) return words;
    } finally {
      scope.release();
    }
  }
  return "";
}
