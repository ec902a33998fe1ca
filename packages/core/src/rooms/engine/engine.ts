import { RoomKitError } from "../../errors/error.ts";
import type { Emitter } from "../../events/emitter.ts";
import type { IdSource } from "../../ids/ids.ts";
import type { Logger } from "../../log/logger.ts";
import type { AbortScope } from "../../time/abort-scope.ts";
import type { Clock } from "../../time/clock.ts";
import type { Channel, SessionKeeping } from "../channel.ts";
import type { FrameworkEvents } from "../framework-events.ts";
import type { RoomKitLimits } from "../options.ts";
import type { ConversationStore } from "../store.ts";
import type { CallScopes } from "./call-scopes.ts";
import type { CommitOutcome, CommitRequest } from "./commit-request.ts";
import type { HookEngine } from "./hook-engine.ts";
import type { RoomRegistry } from "./registry.ts";
import type { RoomLock } from "./room-lock.ts";
import type { RoomLogs } from "./room-logs.ts";
import type { RoomState } from "./room-state.ts";
import type { RoomTimerDriver } from "./timers.ts";

/** What the parts of one kit share. */
export interface Engine {
  readonly store: ConversationStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly limits: RoomKitLimits;
  readonly events: Emitter<FrameworkEvents>;
  readonly hooks: HookEngine;
  readonly channels: Map<string, Channel>;
  readonly rooms: RoomRegistry;
  readonly logs: RoomLogs;
  readonly calls: CallScopes;
  readonly lock: RoomLock;
  readonly timers: RoomTimerDriver;
  /** Absent where sessions end with their process. */
  readonly keeper: (SessionKeeping & { close(): void }) | undefined;
  /** Events on their way, with everything they cause. */
  readonly active: Set<Promise<unknown>>;
  /** Aborts when the kit closes. */
  readonly scope: AbortScope;
  /** `commitEvent`, for the replies that a commit leads to. */
  commit(state: RoomState, request: CommitRequest): Promise<CommitOutcome>;
}

/** Tells of a channel that failed, without a word of what it was given. */
export function reportDelivery(engine: Engine, roomId: string, channelId: string, error: unknown): void {
  const failure = RoomKitError.from(error, "channel_failed");
  engine.logger.warn({ roomId, channelId, code: failure.code }, "a channel failed");
  engine.events.emit("delivery_failed", { roomId, channelId, error: failure });
}
