import { RoomKitError } from "../../errors/error.ts";

export function fencedError(roomId: string): RoomKitError {
  return new RoomKitError("fenced", `another process has taken the room ${roomId} over`);
}

export function roomClosed(roomId: string): RoomKitError {
  return new RoomKitError("room_closed", `the room ${roomId} takes no more events`);
}
