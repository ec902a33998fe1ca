import { RoomKitError } from "../../errors/error.ts";
import { type Binding, canWrite } from "../binding.ts";
import { SYSTEM_CHANNEL_ID } from "../options.ts";
import type { RoomState } from "./room-state.ts";

/** The permissions an event's source has here; the application itself has all. */
export function sourceOf(state: RoomState, channelId: string): Source {
  if (channelId === SYSTEM_CHANNEL_ID) return { access: "read_write", muted: false, visibility: "all" };
  const binding = state.bindings.get(channelId);
  if (!binding)
    throw new RoomKitError("not_attached", `the channel ${channelId} is not attached to the room ${state.id}`);
  return binding;
}

type Source = Pick<Binding, "access" | "muted" | "visibility">;

/** Why a source's events are stored as blocked, if they are. */
export function writeBlock(source: Source): string | undefined {
  if (!canWrite(source)) return "source_read_only";
  return source.muted ? "source_muted" : undefined;
}
