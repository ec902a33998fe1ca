import { RoomKitError } from "../../errors/error.ts";
import { withTimeout } from "../../time/clock.ts";
import type { CreateRoomOptions } from "../options.ts";
import type { Room, RoomStatus, RoomTimers } from "../room.ts";
import { tellChannel } from "./channel-calls.ts";
import type { Engine } from "./engine.ts";
import { assertOpen, loadRoom, underLock } from "./locked.ts";
import { fencedError, roomClosed } from "./room-errors.ts";
import type { RoomState } from "./room-state.ts";
import { endSessions, noteFenced } from "./sessions.ts";
import { assertTimers, dueStatus } from "./timers.ts";

/** @throws RoomKitError `room_exists`, `invalid_option`, `kit_closed`. */
export async function createRoom(engine: Engine, options: CreateRoomOptions): Promise<Room> {
  assertOpen(engine);
  const { id = engine.ids("room"), metadata = {}, timers = {} } = options;
  if (typeof id !== "string" || id === "")
    throw new RoomKitError("invalid_option", "a room id is a string with something in it");
  assertTimers(timers);
  const at = engine.clock.wallTime();
  const room: Room = {
    id,
    status: "active",
    createdAt: at,
    lastActivityAt: at,
    eventCount: 0,
    timers,
    metadata,
    version: 0,
  };
  await engine.store.createRoom(room);
  engine.rooms.add(room);
  engine.events.emit("room_created", { roomId: id });
  return room;
}

export async function setTimers(engine: Engine, roomId: string, timers: RoomTimers): Promise<Room> {
  assertTimers(timers);
  return await underLock(engine, roomId, async (state, section) => {
    const room = await section.commit(() => engine.logs.patch(state, { timers }));
    engine.timers.watch(state);
    return room;
  });
}

export async function setPaused(engine: Engine, roomId: string, paused: boolean): Promise<Room> {
  const status: RoomStatus = paused ? "paused" : "active";
  return await underLock(engine, roomId, async (state, section) => {
    if (state.room.status === status) return state.room;
    await section.commit(() => engine.logs.patch(state, { status }));
    engine.timers.watch(state);
    if (paused) engine.events.emit("room_paused", { roomId });
    return state.room;
  });
}

/**
 * Closes a room for good: it takes nothing more, replies under way stop and are not appended, sessions end, channels let go of it.
 * Reading stays possible. Nothing happens when it is closed already.
 */
export async function closeRoom(engine: Engine, roomId: string, reason = "room_closed"): Promise<Room> {
  const inside = engine.calls.mustNotWait();
  let state: RoomState | undefined;
  try {
    state = await underLock(engine, roomId, async (locked, section) => {
      await section.commit(async () => {
        await assertOurs(engine, locked, section.fence);
        await engine.logs.patch(locked, { status: "closed" });
      });
      return locked;
    });
  } catch (error) {
    if (!RoomKitError.is(error, "room_closed")) throw error;
    return (await loadRoom(engine, roomId)).room;
  }
  await endRoom(engine, state, reason, !inside);
  return state.room;
}

/** Ends what is in a room that is closed. @param wait for what was committed before, which is still delivered. Never rejects. */
export async function endRoom(engine: Engine, state: RoomState, reason: string, wait: boolean): Promise<void> {
  const roomId = state.id;
  state.scope.abort(roomClosed(roomId));
  // Whoever is unregistered from now on is told all the same.
  const channels = [...state.bindings.keys()].map((id) => ({ id, channel: engine.channels.get(id) }));
  await endSessions(engine, state, reason);
  // Who closes a room from inside one of its deliveries does not wait for itself.
  if (wait) await settled(engine, state);
  await Promise.all(
    channels.map(({ id, channel }) => tellChannel(engine, roomId, id, () => channel?.onDetached?.(roomId))),
  );
  engine.hooks.removeRoom(roomId);
  engine.rooms.drop(roomId);
  engine.events.emit("room_closed", { roomId });
}

/** A process that was stopped may not know that another has gone on with its room. @throws RoomKitError `fenced`. */
async function assertOurs(engine: Engine, state: RoomState, fence: number | undefined): Promise<void> {
  if (fence === undefined) return;
  const { status } = await engine.logs.commit(state, [], { at: engine.clock.wallTime(), fence });
  if (status !== "fenced") return;
  noteFenced(engine, state.id);
  throw fencedError(state.id);
}

/** Closes a room where need be, and marks it as put away. @throws RoomKitError `unknown_room`, `conflict`. */
export async function archiveRoom(engine: Engine, roomId: string): Promise<Room> {
  const closed = await closeRoom(engine, roomId);
  if (closed.status === "archived") return closed;
  const archived = await engine.store.patchRoom(roomId, { status: "archived" }, closed.version);
  engine.events.emit("room_archived", { roomId });
  return archived;
}

/** Does what a room's timers ask for now, if anything. */
export async function checkTimers(engine: Engine, roomId: string): Promise<Room> {
  const state = await loadRoom(engine, roomId);
  const due = state.open && !state.busy ? dueStatus(state.room, state.quietMs) : undefined;
  if (due === "closed") return await closeRoom(engine, roomId, "inactive");
  if (due === "paused") return await setPaused(engine, roomId, true);
  return state.room;
}

/** Does what the timers of all rooms in the store ask for; returns the rooms they changed. */
export async function checkAllTimers(engine: Engine): Promise<readonly Room[]> {
  const open = [
    ...(await engine.store.listRooms({ status: "active" })),
    ...(await engine.store.listRooms({ status: "paused" })),
  ];
  const changed: Room[] = [];
  for (const before of open) {
    const after = await checkTimers(engine, before.id);
    if (after.status !== before.status) changed.push(after);
  }
  return changed;
}

/** Waits until nothing is under way in a room, bounded. */
async function settled(engine: Engine, state: RoomState): Promise<void> {
  const { clock, limits, logger } = engine;
  await withTimeout(state.whenIdle(), limits.closeTimeoutMs, { clock }).catch(() => {
    logger.warn({ roomId: state.id }, "deliveries of a room did not end in time");
  });
}
