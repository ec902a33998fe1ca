import { RoomKitError } from "../../errors/error.ts";
import type { Cancel, Clock } from "../../time/clock.ts";
import type { Room, RoomStatus, RoomTimers } from "../room.ts";
import type { RoomState } from "./room-state.ts";

/** The longest a platform timer can be, about 24.8 days; longer ones are reached in steps. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** A room that is busy when its time comes is looked at again after so long. */
const BUSY_RETRY_MS = 1_000;

/** What a room's timers make of it when nothing has happened for so long, if anything. */
export function dueStatus(
  { timers, status }: Pick<Room, "timers" | "status">,
  quietMs: number,
): Extract<RoomStatus, "paused" | "closed"> | undefined {
  const { inactiveAfterMs, closedAfterMs } = timers;
  if (closedAfterMs !== undefined && quietMs >= closedAfterMs) return "closed";
  if (inactiveAfterMs !== undefined && quietMs >= inactiveAfterMs && status === "active") return "paused";
  return undefined;
}

/** Ms until a room's timers next ask for something; undefined when they never will. */
export function nextDueMs({ timers, status }: Pick<Room, "timers" | "status">, quietMs: number): number | undefined {
  const { inactiveAfterMs, closedAfterMs } = timers;
  const times = [closedAfterMs, status === "active" ? inactiveAfterMs : undefined].filter((ms) => ms !== undefined);
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - quietMs);
}

/** @throws RoomKitError `invalid_option`. */
export function assertTimers(timers: RoomTimers): void {
  for (const name of ["inactiveAfterMs", "closedAfterMs"] as const) {
    const ms = timers[name];
    if (ms !== undefined && !(Number.isFinite(ms) && ms > 0))
      throw new RoomKitError("invalid_option", `${name} must be a number of ms > 0`);
  }
}

/** Looks after the timers of the rooms in memory, one clock timer for each room that has any. */
export class RoomTimerDriver {
  readonly #clock: Clock;
  readonly #check: (roomId: string) => Promise<unknown>;
  readonly #running: Map<string, Cancel> = new Map();
  #closed = false;

  /** @param check does what is due; its failures are its own. */
  constructor(clock: Clock, check: (roomId: string) => Promise<unknown>) {
    this.#clock = clock;
    this.#check = check;
  }

  /** Rooms looked after. */
  get size(): number {
    return this.#running.size;
  }

  /** Call when a room was made, loaded or given other timers. Activity needs no call: it is found when the timer runs. */
  watch(state: RoomState, atLeastMs = 0): void {
    this.forget(state.id);
    if (this.#closed) return;
    const due = state.open ? nextDueMs(state.room, state.quietMs) : undefined;
    if (due === undefined) return;
    const cancel = this.#clock.setTimeout(
      () => void this.#run(state),
      Math.min(Math.max(due, atLeastMs), MAX_TIMER_MS),
    );
    this.#running.set(state.id, cancel);
  }

  forget(roomId: string): void {
    this.#running.get(roomId)?.();
    this.#running.delete(roomId);
  }

  /** For good: what was under way may still ask for a timer. */
  close(): void {
    this.#closed = true;
    for (const roomId of [...this.#running.keys()]) this.forget(roomId);
  }

  async #run(state: RoomState): Promise<void> {
    this.#running.delete(state.id);
    if (dueStatus(state.room, state.quietMs) !== undefined) await this.#check(state.id);
    // Still due: the room was busy, or the check failed.
    if (!this.#running.has(state.id)) this.watch(state, BUSY_RETRY_MS);
  }
}
