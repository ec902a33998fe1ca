import type { RoomKitError } from "@roomkit/core";
import type { ManagedWebSocket } from "../socket/managed-web-socket.ts";

/** One connection. */
export interface Link {
  readonly socket: ManagedWebSocket;
  readonly since: number;
  readonly handshake: Promise<void>;
  readonly settle: (error?: RoomKitError) => void;
  ready: boolean;
  ended: boolean;
}
