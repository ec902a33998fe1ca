import { canRead, canWrite } from "../binding.ts";
import type { Channel, InboundMessage } from "../channel.ts";
import type { RoomEvent } from "../event.ts";
import { assertDraft } from "./content.ts";
import type { Engine } from "./engine.ts";
import { messageDraft } from "./inbound.ts";
import { sourceOf, writeBlock } from "./permissions.ts";
import type { RoomState } from "./room-state.ts";
import { includes } from "./visibility.ts";

/** The event that a message would be, after all there are; undefined where it would be blocked. @throws RoomKitError `invalid_message`. */
export function eventToBe(state: RoomState, message: InboundMessage, now: number): RoomEvent | undefined {
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

/** The intelligence of a room that would hear an event, and be heard in reply. */
export function repliersTo(engine: Engine, state: RoomState, { visibility, source }: RoomEvent): Channel[] {
  return [...state.bindings.values()].flatMap((binding) => {
    const channel = engine.channels.get(binding.channelId);
    const hears = binding.category === "intelligence" && canRead(binding) && includes(visibility, binding);
    const answers = canWrite(binding) && !binding.muted && binding.channelId !== source.channelId;
    return channel && hears && answers ? [channel] : [];
  });
}
