import { RoomKitError } from "../../errors/error.ts";
import { defined } from "../../errors/options.ts";
import { Access, type Binding, ChannelCategory, canRead } from "../binding.ts";
import type { Channel } from "../channel.ts";
import { type AttachOptions, SYSTEM_CHANNEL_ID } from "../options.ts";
import { callChannel, tellChannel } from "./channel-calls.ts";
import { type Engine, reportDelivery } from "./engine.ts";
import { assertOpen, loadRoom, underLock } from "./locked.ts";
import { writeBlock } from "./permissions.ts";
import { roomClosed } from "./room-errors.ts";
import type { LockedSection } from "./room-lock.ts";
import type { RoomState } from "./room-state.ts";
import { endSessions, noteFenced } from "./sessions.ts";

export type BindingPatch = Partial<Pick<Binding, "access" | "visibility" | "muted" | "outputMuted" | "metadata">>;

/**
 * Attaches a channel to a room, or changes the binding of one that is attached already. Only this attaches: a channel that was
 * detached stays so, whatever arrives through it.
 *
 * @throws RoomKitError `unknown_room`, `room_closed`, `unknown_channel`, `invalid_option`, or what the channel refuses with.
 */
export async function attachChannel(
  engine: Engine,
  roomId: string,
  channelId: string,
  options: AttachOptions = {},
): Promise<Binding> {
  const channel = engine.channels.get(channelId);
  if (!channel) throw new RoomKitError("unknown_channel", `no channel ${channelId} is registered`);
  const binding: Binding = {
    roomId,
    channelId,
    category: options.category ?? channel.category,
    access: options.access ?? "read_write",
    muted: options.muted ?? false,
    outputMuted: options.outputMuted ?? false,
    visibility: options.visibility ?? "all",
    metadata: options.metadata ?? {},
  };
  assertBinding(binding);
  assertOpen(engine);
  for (;;) if (await tryAttach(engine, channel, binding)) return binding;
}

/** Whether it could be done: not where the channel was attached and is detached meanwhile, for then it has to be asked. */
async function tryAttach(engine: Engine, channel: Channel, binding: Binding): Promise<boolean> {
  const { roomId, channelId } = binding;
  const state = await loadRoom(engine, roomId);
  // What it is told last must be what is so.
  await state.leaving.get(channelId);
  if (!state.open) throw roomClosed(roomId);
  // Asked outside of the lock: a channel that takes its time holds up nobody.
  const fresh = !state.bindings.has(channelId);
  if (fresh) await callChannel(engine, channelId, () => channel.onAttached?.(state.room, binding));
  try {
    return await underLock(engine, roomId, async (locked, section) => {
      const known = locked.bindings.has(channelId);
      if (!known && !fresh) return false;
      await section.commit(() => putBinding(engine, locked, binding));
      if (!known) await noteAttached(engine, locked, section, channelId);
      return true;
    });
  } catch (error) {
    if (fresh && !state.bindings.has(channelId)) {
      await tellChannel(engine, roomId, channelId, () => channel.onDetached?.(roomId));
    }
    throw error;
  }
}

async function noteAttached(
  engine: Engine,
  state: RoomState,
  section: LockedSection,
  channelId: string,
): Promise<void> {
  const roomId = state.id;
  await record(engine, state, section, "channel_attached", channelId);
  engine.events.emit("channel_attached", { roomId, channelId });
  void engine.hooks.notify("ON_CHANNEL_ATTACHED", { roomId, channelId });
}

/** Takes a channel out of a room: its sessions there end, and nothing more is delivered. Nothing happens when it is not attached. */
export async function detachChannel(engine: Engine, roomId: string, channelId: string): Promise<void> {
  let gone = (): void => {};
  let detached: RoomState | undefined;
  try {
    await underLock(engine, roomId, async (state, section) => {
      if (!state.bindings.has(channelId)) return;
      await section.commit(async () => {
        await engine.logs.watch.ask(() => engine.store.removeBinding(roomId, channelId));
        state.bindings.delete(channelId);
        state.leaving.set(channelId, new Promise((resolve) => (gone = resolve)));
        detached = state;
      });
      stopForbidden(state, channelId);
      await record(engine, state, section, "channel_detached", channelId);
    });
  } finally {
    // Also where that could not be written down: it is out of the room.
    if (detached) await letGo(engine, detached, channelId);
    detached?.leaving.delete(channelId);
    gone();
  }
  if (!detached) return;
  engine.events.emit("channel_detached", { roomId, channelId });
  void engine.hooks.notify("ON_CHANNEL_DETACHED", { roomId, channelId });
}

async function letGo(engine: Engine, state: RoomState, channelId: string): Promise<void> {
  await endSessions(engine, state, "detached", channelId);
  await tellChannel(engine, state.id, channelId, () => engine.channels.get(channelId)?.onDetached?.(state.id));
}

/** Changes what a channel may do in a room. @throws RoomKitError `unknown_room`, `room_closed`, `not_attached`, `invalid_option`. */
export async function updateBinding(
  engine: Engine,
  roomId: string,
  channelId: string,
  patch: BindingPatch,
): Promise<Binding> {
  return await underLock(engine, roomId, async (state, section) => {
    const binding = state.bindings.get(channelId);
    if (!binding)
      throw new RoomKitError("not_attached", `the channel ${channelId} is not attached to the room ${roomId}`);
    const changed: Binding = { ...binding, ...defined(patch) };
    assertBinding(changed);
    return await section.commit(() => putBinding(engine, state, changed));
  });
}

/** Adds a channel to the kit. @throws RoomKitError `invalid_option`, `channel_exists`, `kit_closed`. */
export function addChannel(engine: Engine, channel: Channel): void {
  assertOpen(engine);
  if (typeof channel?.id !== "string" || channel.id === "" || channel.id === SYSTEM_CHANNEL_ID) {
    throw new RoomKitError(
      "invalid_option",
      `a channel's id is a string with something in it, and not ${SYSTEM_CHANNEL_ID}`,
    );
  }
  if (engine.channels.has(channel.id))
    throw new RoomKitError("channel_exists", `there is a channel ${channel.id} already`);
  engine.channels.set(channel.id, channel);
}

async function putBinding(engine: Engine, state: RoomState, binding: Binding): Promise<Binding> {
  const before = state.bindings.get(binding.channelId);
  await engine.logs.watch.ask(() => engine.store.putBinding(binding));
  state.bindings.set(binding.channelId, binding);
  stopForbidden(state, binding.channelId);
  const failed = (error: unknown): void => reportDelivery(engine, state.id, binding.channelId, error);
  if (before) {
    try {
      const told: unknown = engine.channels.get(binding.channelId)?.onBindingChanged?.(binding);
      // Nobody waits for it, but one that fails must not take the process with it.
      if (told instanceof Promise) told.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
  return binding;
}

/** Ends what a channel is saying or hearing as it is made, where it may no longer. */
function stopForbidden(state: RoomState, channelId: string): void {
  const binding = state.bindings.get(channelId);
  const reason = new RoomKitError("aborted", `the channel ${channelId} may not do this any more`);
  if (!binding || writeBlock(binding)) state.stopStreams(channelId, "source", reason);
  if (!binding || !canRead(binding) || binding.outputMuted) state.stopStreams(channelId, "listener", reason);
}

/** Writes into the log what was done to a room. For readers of the log: it is delivered to nobody. */
async function record(
  engine: Engine,
  state: RoomState,
  section: LockedSection,
  code: string,
  channelId: string,
): Promise<void> {
  const at = engine.clock.wallTime();
  const result = await section.commit(() =>
    engine.logs.commit(
      state,
      [
        {
          id: engine.ids("event"),
          content: { type: "system", code, data: { channelId } },
          source: { channelId: SYSTEM_CHANNEL_ID, role: "system" },
          status: "delivered",
          chainDepth: 0,
          visibility: "all",
          createdAt: at,
        },
      ],
      { at, fence: section.fence },
    ),
  );
  if (result.status === "fenced") noteFenced(engine, state.id);
  for (const event of result.status === "committed" ? result.events : []) state.noteCommit(event, at);
}

function assertBinding(binding: Binding): void {
  const fail = (message: string): never => {
    throw new RoomKitError("invalid_option", message);
  };
  const { category, access, visibility } = binding;
  if (!Object.values<string>(ChannelCategory).includes(category)) fail("category must be transport or intelligence");
  if (!Object.values<string>(Access).includes(access)) fail("access must be read_write, read_only, write_only or none");
  const named = Array.isArray(visibility) && visibility.every((id) => typeof id === "string");
  if (!named && !["all", "none", "transport", "intelligence"].includes(visibility as string)) {
    fail("visibility must be all, none, transport, intelligence or a list of channel ids");
  }
}
