import { RoomKitError } from "../../errors/error.ts";
import { defined } from "../../errors/options.ts";
import type { ParticipantInput, ParticipantPatch } from "../options.ts";
import type { Participant, ParticipantRole } from "../store.ts";
import type { Engine } from "./engine.ts";
import { underLock } from "./locked.ts";
import type { RoomState } from "./room-state.ts";

/** The participant with this id; made when there is none, left as it is when there is one. Under the room's lock only. */
export async function ensureParticipant(
  engine: Engine,
  state: RoomState,
  input: ParticipantInput,
): Promise<Participant> {
  const known = await findParticipant(engine, state, input.id);
  if (known) return known;
  const made: Participant = {
    id: input.id,
    roomId: state.id,
    role: input.role ?? "member",
    displayName: input.displayName,
    metadata: input.metadata ?? {},
  };
  await engine.logs.watch.ask(() => engine.store.putParticipant(made));
  state.participants.add(made.id);
  return made;
}

async function findParticipant(engine: Engine, state: RoomState, id: string): Promise<Participant | undefined> {
  const all = await engine.logs.watch.ask(() => engine.store.listParticipants(state.id));
  for (const participant of all) state.participants.add(participant.id);
  return all.find((participant) => participant.id === id);
}

const ROLES: readonly ParticipantRole[] = ["owner", "agent", "member", "observer", "bot"];

/** {@link ensureParticipant}, from outside the lock. @throws RoomKitError `invalid_option`. */
export async function ensureInRoom(engine: Engine, roomId: string, input: ParticipantInput): Promise<Participant> {
  if (typeof input.id !== "string" || input.id === "")
    throw new RoomKitError("invalid_option", "a participant needs an id");
  assertRole(input.role);
  return await underLock(engine, roomId, (state, section) =>
    section.commit(() => ensureParticipant(engine, state, input)),
  );
}

/** @throws RoomKitError `unknown_participant`, `invalid_option`. */
export async function updateParticipant(
  engine: Engine,
  roomId: string,
  id: string,
  patch: ParticipantPatch,
): Promise<Participant> {
  assertRole(patch.role);
  return await underLock(engine, roomId, (state, section) =>
    section.commit(async () => {
      const known = await findParticipant(engine, state, id);
      if (!known) throw new RoomKitError("unknown_participant", `there is no participant ${id} in the room ${roomId}`);
      const changed = { ...known, ...defined(patch) };
      await engine.logs.watch.ask(() => engine.store.putParticipant(changed));
      return changed;
    }),
  );
}

function assertRole(role: ParticipantRole | undefined): void {
  if (role !== undefined && !ROLES.includes(role))
    throw new RoomKitError("invalid_option", `role must be one of ${ROLES.join(", ")}`);
}
