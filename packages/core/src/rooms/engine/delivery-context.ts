import type { AbortScope } from "../../time/abort-scope.ts";
import type { DeliveryContext } from "../channel.ts";
import type { RoomEvent } from "../event.ts";
import type { Cascade } from "./cascade.ts";
import type { Engine } from "./engine.ts";
import { visibleEvents } from "./history.ts";
import type { RoomState } from "./room-state.ts";

/** An event on its way to a channel. */
export interface Delivery {
  readonly state: RoomState;
  readonly channelId: string;
  readonly event: RoomEvent;
  readonly cascade: Cascade;
  /** Of what is going on there because of it. */
  readonly scope: AbortScope;
  /** It was delivered before, by a process that is gone. */
  readonly again?: boolean | undefined;
}

/** What a channel is told around an event, or around a reply that is still being made (no `event`). */
export function deliveryContext(
  engine: Engine,
  delivery: Omit<Delivery, "event"> & { readonly event?: RoomEvent | undefined },
): DeliveryContext {
  const { state, channelId, cascade, event, scope, again } = delivery;
  const binding = state.bindings.get(channelId);
  if (!binding) throw new Error("a context is made for channels that are attached");
  let history: Promise<readonly RoomEvent[]> | undefined;
  return {
    room: state.room,
    binding,
    signal: scope.signal,
    session: cascade.session,
    again,
    // Read once, by the permissions that stand when it is first asked for.
    history: () => {
      history ??= visibleEvents(
        engine.logs,
        state.bindings.get(channelId),
        event && !again ? { before: event.index } : {},
      );
      return history;
    },
  };
}
