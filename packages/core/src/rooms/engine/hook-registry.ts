import { RoomKitError } from "../../errors/error.ts";
import type { Unsubscribe } from "../../events/emitter.ts";
import { type HookHandler, HookTrigger } from "../hooks.ts";

export interface HookEntry {
  readonly trigger: HookTrigger;
  readonly handler: HookHandler<HookTrigger>;
  readonly execution: "sync" | "async";
  readonly priority: number;
  readonly name: string;
  readonly timeoutMs: number;
  readonly roomId: string | undefined;
  /** Calls of it under way. */
  running: number;
  /** It has been reported that it is too slow. */
  overloaded: boolean;
  /** Unsubscribed, perhaps while the hooks of one event are running. */
  removed: boolean;
}

/** Sorted by priority, equal ones as they were added. */
interface Hooks {
  readonly entries: HookEntry[];
  sync: number;
}

/** Who listens to which trigger, for all rooms or one; asking whether anybody does costs two look-ups. */
export class HookRegistry {
  readonly #everywhere: Map<HookTrigger, Hooks> = new Map();
  readonly #byRoom: Map<string, Map<HookTrigger, Hooks>> = new Map();

  add(hook: Omit<HookEntry, "running" | "overloaded" | "removed">): Unsubscribe {
    check(hook);
    const entry: HookEntry = { ...hook, running: 0, overloaded: false, removed: false };
    const hooks = this.#hooks(entry);
    let at = hooks.entries.length;
    while (at > 0 && (hooks.entries[at - 1] as HookEntry).priority > entry.priority) at--;
    hooks.entries.splice(at, 0, entry);
    if (entry.execution === "sync") hooks.sync++;
    return () => this.#remove(entry);
  }

  has(trigger: HookTrigger, roomId: string): boolean {
    return this.#everywhere.has(trigger) || (this.#byRoom.get(roomId)?.has(trigger) ?? false);
  }

  hasSync(trigger: HookTrigger, roomId: string): boolean {
    return (this.#everywhere.get(trigger)?.sync ?? 0) + (this.#byRoom.get(roomId)?.get(trigger)?.sync ?? 0) > 0;
  }

  /** A list of its own: those of the room among those for all rooms, lower priority first. */
  list(trigger: HookTrigger, roomId: string): readonly HookEntry[] {
    const everywhere = this.#everywhere.get(trigger)?.entries ?? [];
    const here = this.#byRoom.get(roomId)?.get(trigger)?.entries ?? [];
    if (here.length === 0) return [...everywhere];
    return [...everywhere, ...here].sort((a, b) => a.priority - b.priority);
  }

  removeRoom(roomId: string): void {
    const triggers = this.#byRoom.get(roomId);
    this.#byRoom.delete(roomId);
    for (const { entries } of triggers?.values() ?? []) for (const entry of entries) entry.removed = true;
  }

  clear(): void {
    for (const roomId of [...this.#byRoom.keys()]) this.removeRoom(roomId);
    for (const { entries } of this.#everywhere.values()) for (const entry of entries) entry.removed = true;
    this.#everywhere.clear();
  }

  #hooks(entry: HookEntry): Hooks {
    let triggers = this.#everywhere;
    if (entry.roomId !== undefined) {
      const ofRoom = this.#byRoom.get(entry.roomId) ?? new Map<HookTrigger, Hooks>();
      this.#byRoom.set(entry.roomId, ofRoom);
      triggers = ofRoom;
    }
    const hooks = triggers.get(entry.trigger) ?? { entries: [], sync: 0 };
    triggers.set(entry.trigger, hooks);
    return hooks;
  }

  /** Empty lists go, so that `has` may ask for the list alone. */
  #remove(entry: HookEntry): void {
    if (entry.removed) return;
    entry.removed = true;
    const triggers = entry.roomId === undefined ? this.#everywhere : this.#byRoom.get(entry.roomId);
    const hooks = triggers?.get(entry.trigger);
    if (!triggers || !hooks) return;
    hooks.entries.splice(hooks.entries.indexOf(entry), 1);
    if (entry.execution === "sync") hooks.sync--;
    if (hooks.entries.length === 0) triggers.delete(entry.trigger);
    if (entry.roomId !== undefined && triggers.size === 0) this.#byRoom.delete(entry.roomId);
  }
}

function check(hook: Omit<HookEntry, "running" | "overloaded" | "removed">): void {
  const fail = (message: string): never => {
    throw new RoomKitError("invalid_option", message);
  };
  if (!Object.hasOwn(HookTrigger, hook.trigger)) fail(`there is no hook trigger ${String(hook.trigger)}`);
  if (typeof hook.handler !== "function") fail("a hook must be a function");
  if (hook.execution !== "sync" && hook.execution !== "async") fail("execution must be sync or async");
  if (!Number.isFinite(hook.priority)) fail("priority must be a number");
  if (!(hook.timeoutMs > 0)) fail("timeoutMs must be > 0");
}
