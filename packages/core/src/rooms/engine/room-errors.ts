import { RoomKitError } from "../../errors/error.ts";
import type { Room } from "../room.ts";
import type { RoomPatch } from "../store.ts";

export function fencedError(roomId: string): RoomKitError {
  return new RoomKitError("fenced", `another process has taken the room ${roomId} over`);
}

export function roomClosed(roomId: string): RoomKitError {
  return new RoomKitError("room_closed", `the room ${roomId} takes no more events`);
}

/** Nothing that was to be changed of a room opens it again. @throws RoomKitError `room_closed`. */
export function assertNotOpened(room: Room, patch: RoomPatch): void {
  const over = ({ status }: RoomPatch): boolean => status === "closed" || status === "archived";
  if (over(room) && !over(patch)) throw roomClosed(room.id);
}
