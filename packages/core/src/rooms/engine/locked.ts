import { RoomKitError } from "../../errors/error.ts";
import { withTimeout } from "../../time/clock.ts";
import type { Engine } from "./engine.ts";
import type { LockedSection } from "./room-lock.ts";
import type { RoomState } from "./room-state.ts";

/** @throws RoomKitError `kit_closed`. */
export function assertOpen(engine: Engine): void {
  if (engine.scope.aborted) throw new RoomKitError("kit_closed", "the kit has been closed");
}

/** @throws RoomKitError `unknown_room`, `timeout`, `aborted`. */
export function loadRoom(engine: Engine, roomId: string, signal?: AbortSignal): Promise<RoomState> {
  const known = engine.rooms.get(roomId);
  if (known) return Promise.resolve(known);
  if (typeof roomId !== "string" || roomId === "")
    throw new RoomKitError("invalid_message", "a room id is a string with something in it");
  const { clock, limits } = engine;
  return withTimeout(engine.rooms.load(roomId), limits.processTimeoutMs, { clock, signal, what: "reading the room" });
}

/** Runs `work` on an open room, alone. @throws RoomKitError `unknown_room`, `room_closed`, `timeout`, `kit_closed`. */
export async function underLock<T>(
  engine: Engine,
  roomId: string,
  work: (state: RoomState, section: LockedSection) => Promise<T>,
): Promise<T> {
  assertOpen(engine);
  const state = await loadRoom(engine, roomId);
  return await engine.lock.run(roomId, { timeoutMs: engine.limits.processTimeoutMs }, async (section) => {
    await section.before(engine.logs.refresh(state, section.fence, section.signal));
    state.assertUsable();
    return await work(state, section);
  });
}
