import type { VoiceSession } from "../../contracts/voice.ts";
import { RoomKitError } from "../../errors/error.ts";
import { callChannel, tellChannel } from "./channel-calls.ts";
import type { Engine } from "./engine.ts";
import { assertOpen, loadRoom, underLock } from "./locked.ts";
import { ensureParticipant } from "./participants.ts";
import { roomClosed } from "./room-errors.ts";
import type { RoomState } from "./room-state.ts";

/**
 * Brings a session into a room through one of its channels.
 *
 * @throws RoomKitError `unknown_room`, `room_closed`, `not_attached`, `invalid_option` (the session is for another room or
 *   channel), `session_ended`, `unsupported` (the channel has no sessions), or what the channel refuses with.
 */
export async function joinRoom(
  engine: Engine,
  roomId: string,
  channelId: string,
  session: VoiceSession,
): Promise<void> {
  assertOpen(engine);
  if (session.roomId !== roomId || session.channelId !== channelId) {
    throw new RoomKitError("invalid_option", "the session was made for another room or channel");
  }
  if (session.state === "ended") throw new RoomKitError("session_ended", "the session has ended");
  const state = await loadRoom(engine, roomId);
  if (!state.open) throw roomClosed(roomId);
  const channel = engine.channels.get(channelId);
  if (!channel || !state.bindings.has(channelId)) {
    throw new RoomKitError("not_attached", `the channel ${channelId} is not attached to the room ${roomId}`);
  }
  if (!channel.join) throw new RoomKitError("unsupported", `the channel ${channelId} has no sessions`);
  if (state.sessions.has(session.id)) return;
  // Noted first: a session that ends, or a room that closes, while the channel still joins must find it.
  state.sessions.set(session.id, session);
  try {
    await callChannel(engine, channelId, () => channel.join?.(session));
    await underLock(engine, roomId, (locked, section) =>
      section.commit(async () => {
        await ensureParticipant(engine, locked, { id: session.participantId });
        if (locked.sessions.has(session.id)) engine.lock.leases.keep(roomId, session.id);
      }),
    );
  } catch (error) {
    await leaveRoom(engine, session, "join_failed");
    throw error;
  }
  if (!state.open || !state.bindings.has(channelId) || engine.scope.aborted) {
    await leaveRoom(engine, session, "room_closed");
    throw roomClosed(roomId);
  }
  if (state.sessions.get(session.id) !== session)
    throw new RoomKitError("session_ended", "the session left while it was joining");
}

/** Takes a session out of its room. Nothing happens when it has left, or ended by itself. */
export async function leaveRoom(engine: Engine, session: VoiceSession, reason: string): Promise<void> {
  const { roomId, channelId } = session;
  if (!forgetSession(engine, session) && session.state === "ended") return;
  await tellChannel(engine, roomId, channelId, () => engine.channels.get(channelId)?.leave?.(session, reason));
}

/** The session is over. Returns whether it was in its room; another may be by now that goes on with it under its id. */
export function forgetSession(engine: Engine, session: VoiceSession): boolean {
  const { id, roomId } = session;
  const sessions = engine.rooms.get(roomId)?.sessions;
  if (sessions?.get(id) !== session) return false;
  void engine.lock.leases.leave(roomId, id);
  return sessions.delete(id);
}

/** Ends the sessions of a room, or of one of its channels. */
export async function endSessions(engine: Engine, state: RoomState, reason: string, channelId?: string): Promise<void> {
  const leaving = [...state.sessions.values()].filter(
    (session) => channelId === undefined || session.channelId === channelId,
  );
  await Promise.all(leaving.map((session) => leaveRoom(engine, session, reason)));
}

/**
 * Another process has the room now. What goes on in it here stops, and nothing of that is ever committed, also when the room should be this process's
 * again; its sessions end as in a process that stops, so that their clients go where it is.
 */
export function noteFenced(engine: Engine, roomId: string): void {
  const state = engine.rooms.get(roomId);
  engine.lock.leases.lost(roomId);
  if (!state) return;
  engine.logger.warn({ roomId }, "another process has taken a room over");
  engine.events.emit("room_fenced", { roomId });
  engine.rooms.noteFenced(state);
  void endSessions(engine, state, "draining");
}
