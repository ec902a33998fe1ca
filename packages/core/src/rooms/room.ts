import type { Metadata } from "../contracts/voice.ts";

/** `closed` and `archived` rooms refuse every append; reading stays allowed. */
export type RoomStatus = "active" | "paused" | "closed" | "archived";

export interface RoomTimers {
  /** Without activity for so long, the room is paused. */
  readonly inactiveAfterMs?: number | undefined;
  /** Without activity for so long, the room is closed. */
  readonly closedAfterMs?: number | undefined;
}

export interface Room {
  readonly id: string;
  readonly status: RoomStatus;
  /** Wall time, ms since 1970. */
  readonly createdAt: number;
  readonly lastActivityAt: number;
  /** Events in the log; the newest has index `eventCount - 1`. */
  readonly eventCount: number;
  readonly timers: RoomTimers;
  readonly metadata: Metadata;
  /** Counts changes of the room itself; a patch names the version it was made from. */
  readonly version: number;
}
