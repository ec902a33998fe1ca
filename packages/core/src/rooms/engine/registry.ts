import { RoomKitError } from "../../errors/error.ts";
import type { AbortScope } from "../../time/abort-scope.ts";
import type { Clock } from "../../time/clock.ts";
import type { Binding } from "../binding.ts";
import type { Room } from "../room.ts";
import type { ConversationStore, RoomPatch } from "../store.ts";
import { fencedError, roomClosed } from "./room-errors.ts";
import type { RoomLog } from "./room-log.ts";
import { RoomState } from "./room-state.ts";
import type { RoomTimerDriver } from "./timers.ts";

const PATCH_ATTEMPTS = 3;

/** What others may change of a room. */
export interface RoomRead {
  readonly room: Room;
  readonly bindings: readonly Binding[];
}

/** The rooms in memory: those that are open and have been used since the kit was made. */
export class RoomRegistry {
  readonly #store: ConversationStore;
  readonly #scope: AbortScope;
  readonly #clock: Clock;
  readonly #timers: Pick<RoomTimerDriver, "watch" | "forget">;
  readonly #waitingLog: (roomId: string) => RoomLog | undefined;
  readonly #onClosed: (state: RoomState) => void;
  readonly #states: Map<string, RoomState> = new Map();
  readonly #loading: Map<string, Promise<RoomState>> = new Map();

  /**
   * @param scope the kit's: rooms abort with it. @param timers told of rooms that come and go. @param waitingLog of a room of which
   * something waits for the store. @param onClosed somebody else closed it: what is in it here has to end.
   */
  constructor(
    store: ConversationStore,
    scope: AbortScope,
    clock: Clock,
    timers: Pick<RoomTimerDriver, "watch" | "forget">,
    waitingLog: (roomId: string) => RoomLog | undefined,
    onClosed: (state: RoomState) => void,
  ) {
    this.#waitingLog = waitingLog;
    this.#onClosed = onClosed;
    this.#store = store;
    this.#scope = scope;
    this.#clock = clock;
    this.#timers = timers;
  }

  get(roomId: string): RoomState | undefined {
    return this.#states.get(roomId);
  }

  all(): readonly RoomState[] {
    return [...this.#states.values()];
  }

  /** A room that was just made. */
  add(room: Room): RoomState {
    return this.#keep(new RoomState(room, [], this.#scope.child(), this.#clock));
  }

  /** The room, from the store when need be; a closed one is not kept. @throws RoomKitError `unknown_room`. */
  load(roomId: string): Promise<RoomState> {
    const known = this.#states.get(roomId);
    if (known) return Promise.resolve(known);
    const loading = this.#loading.get(roomId) ?? this.#read(roomId).finally(() => this.#loading.delete(roomId));
    this.#loading.set(roomId, loading);
    return loading;
  }

  /** What others made of a room. @throws RoomKitError `unknown_room`. */
  async read(roomId: string): Promise<RoomRead> {
    const [room, bindings] = await Promise.all([this.#store.getRoom(roomId), this.#store.listBindings(roomId)]);
    if (!room) throw unknownRoom(roomId);
    return { room, bindings };
  }

  /** Under the room's lock only. */
  apply(state: RoomState, { room, bindings }: RoomRead): void {
    const before = state.open;
    state.room = room;
    state.bindings.clear();
    for (const binding of bindings) state.bindings.set(binding.channelId, binding);
    if (before && !state.open) this.#onClosed(state);
  }

  /** Changes a room, on top of whatever others made of it meanwhile, and no more once it is not `wanted`. */
  async patch(state: RoomState, patch: RoomPatch, wanted: () => boolean = () => true): Promise<Room> {
    for (let attempt = 1; ; attempt++) {
      try {
        const changed = await this.#store.patchRoom(state.id, patch, state.room.version);
        if (wanted()) state.room = changed;
        return changed;
      } catch (error) {
        if (!RoomKitError.is(error, "conflict") || attempt === PATCH_ATTEMPTS || !wanted()) throw error;
        const room = await this.#store.getRoom(state.id);
        if (!room) throw unknownRoom(state.id);
        if (!wanted()) throw error;
        const wasOpen = state.open;
        state.room = room;
        if (!wasOpen || state.open || patch.status === "closed") continue;
        // Others closed it: nothing opens it again.
        this.#onClosed(state);
        throw roomClosed(state.id);
      }
    }
  }

  /** The store says that somebody else closed it. */
  noteClosed(state: RoomState): void {
    if (!state.open) return;
    state.room = { ...state.room, status: "closed" };
    this.#onClosed(state);
  }

  /** Another process has it: whoever uses it from now on reads it anew. */
  noteFenced(state: RoomState): void {
    state.fenced = true;
    state.scope.abort(fencedError(state.id));
    this.drop(state.id);
  }

  /** Lets go of a room that closed. */
  drop(roomId: string): void {
    this.#states.get(roomId)?.scope.release();
    this.#timers.forget(roomId);
    this.#states.delete(roomId);
  }

  async #read(roomId: string): Promise<RoomState> {
    const { room, bindings } = await this.read(roomId);
    const raced = this.#states.get(roomId);
    if (raced) return raced;
    const state = new RoomState(room, bindings, this.#scope.child(), this.#clock, this.#waitingLog(roomId));
    if (state.open) return this.#keep(state);
    state.scope.release();
    return state;
  }

  #keep(state: RoomState): RoomState {
    this.#states.set(state.id, state);
    this.#timers.watch(state);
    return state;
  }
}

function unknownRoom(roomId: string): RoomKitError {
  return new RoomKitError("unknown_room", `there is no room ${roomId}`);
}
