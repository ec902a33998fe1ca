import { abortedError, RoomKitError } from "../../errors/error.ts";
import type { Unsubscribe } from "../../events/emitter.ts";
import { isThenable } from "../../events/thenable.ts";
import { AbortScope } from "../../time/abort-scope.ts";
import { type Clock, withTimeout } from "../../time/clock.ts";
import {
  FAIL_CLOSED,
  type HookHandler,
  type HookOptions,
  type HookOutcome,
  type HookPayloads,
  type HookTrigger,
} from "../hooks.ts";
import { type HookEntry, HookRegistry } from "./hook-registry.ts";
import { checkHookResult } from "./hook-result.ts";

/** One hook that is slower than its events is told of at most so many of them at once; further ones pass it by. */
const MAX_RUNNING_PER_HOOK = 1_000;
const DEFAULT_TIMEOUT_MS = 30_000;

export interface HookReports {
  error(hook: string, trigger: HookTrigger, error: RoomKitError): void;
  timeout(hook: string, trigger: HookTrigger): void;
}

/** Runs an application's hooks: sync ones in order, able to block or modify; the others side by side, only told. */
export class HookEngine {
  readonly #registry: HookRegistry = new HookRegistry();
  readonly #clock: Clock;
  readonly #reports: HookReports;
  readonly #running: Set<Promise<void>> = new Set();

  constructor(clock: Clock, reports: HookReports) {
    this.#clock = clock;
    this.#reports = reports;
  }

  /** @throws RoomKitError `invalid_option` for an unknown trigger, a handler that is no function, or a bad option. */
  add<K extends HookTrigger>(trigger: K, handler: HookHandler<K>, options: HookOptions = {}): Unsubscribe {
    return this.#registry.add({
      trigger,
      handler: handler as HookHandler<HookTrigger>,
      execution: options.execution ?? "sync",
      priority: options.priority ?? 0,
      name: options.name ?? trigger,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      roomId: options.roomId,
    });
  }

  has(trigger: HookTrigger, roomId: string): boolean {
    return this.#registry.has(trigger, roomId);
  }

  hasSync(trigger: HookTrigger, roomId: string): boolean {
    return this.#registry.hasSync(trigger, roomId);
  }

  /**
   * Asks the sync hooks one after the other, each seeing what those before it made of the payload, then tells the async ones
   * the result. The first to block ends it, and nobody is told what was blocked.
   *
   * @throws RoomKitError `aborted` when `signal` aborts meanwhile.
   */
  async run<K extends HookTrigger>(
    trigger: K,
    payload: HookPayloads[K],
    signal?: AbortSignal,
  ): Promise<HookOutcome<K>> {
    if (!this.has(trigger, payload.roomId)) return { allowed: true, payload };
    let current = payload;
    const entries = this.#registry.list(trigger, payload.roomId);
    for (const entry of entries) {
      if (entry.execution !== "sync" || entry.removed) continue;
      if (signal?.aborted) throw abortedError(signal);
      const verdict = await this.#ask(entry, current, signal);
      if (verdict.action === "block") {
        return { allowed: false, payload: current, hook: entry.name, reason: verdict.reason };
      }
      if (verdict.action === "modify") current = { ...current, ...verdict.payload };
    }
    for (const entry of entries) if (entry.execution === "async" && !entry.removed) void this.#tell(entry, current);
    return { allowed: true, payload: current };
  }

  /** Tells all hooks of the trigger, whatever their execution. Never rejects; resolves when all are through. */
  async notify<K extends HookTrigger>(trigger: K, payload: HookPayloads[K]): Promise<void> {
    if (!this.has(trigger, payload.roomId)) return;
    await Promise.all(this.#registry.list(trigger, payload.roomId).map((entry) => this.#tell(entry, payload)));
  }

  /** Removes the hooks of one room. */
  removeRoom(roomId: string): void {
    this.#registry.removeRoom(roomId);
  }

  /** Removes all hooks. */
  clear(): void {
    this.#registry.clear();
  }

  /** Resolves when every hook that was only told is through. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #ask<K extends HookTrigger>(
    entry: HookEntry,
    payload: HookPayloads[K],
    signal: AbortSignal | undefined,
  ): Promise<
    { action: "allow" } | { action: "block"; reason: string } | { action: "modify"; payload: Partial<HookPayloads[K]> }
  > {
    const failClosed = FAIL_CLOSED.has(entry.trigger);
    try {
      const result = await this.#call(entry, payload, signal);
      if (signal?.aborted) throw abortedError(signal);
      const checked = checkHookResult(payload, result);
      if (checked.action !== "block") return checked;
      return { action: "block", reason: checked.reason ?? "blocked" };
    } catch (error) {
      if (signal?.aborted) throw abortedError(signal);
      this.#report(entry, error);
      return failClosed ? { action: "block", reason: "hook_failed" } : { action: "allow" };
    }
  }

  #tell(entry: HookEntry, payload: HookPayloads[HookTrigger]): Promise<void> {
    if (entry.running >= MAX_RUNNING_PER_HOOK) {
      if (entry.overloaded) return Promise.resolve();
      entry.overloaded = true;
      this.#report(
        entry,
        new RoomKitError("hook_overloaded", `more than ${MAX_RUNNING_PER_HOOK} calls of one hook are running`),
      );
      return Promise.resolve();
    }
    entry.running++;
    const told = this.#call(entry, payload, undefined)
      .then(
        () => {},
        (error: unknown) => this.#report(entry, error),
      )
      .finally(() => {
        entry.running--;
        entry.overloaded = false;
        this.#running.delete(told);
      });
    this.#running.add(told);
    return told;
  }

  /** Calls the handler at once, so that a synchronous one is through when this returns. */
  async #call(entry: HookEntry, payload: HookPayloads[HookTrigger], signal: AbortSignal | undefined): Promise<unknown> {
    const scope = new AbortScope().child(signal);
    try {
      const result = (entry.handler as (p: unknown, c: { signal: AbortSignal }) => unknown)(payload, {
        signal: scope.signal,
      });
      if (!isThenable(result)) return result;
      return await withTimeout(Promise.resolve(result), entry.timeoutMs, {
        clock: this.#clock,
        signal,
        what: `the hook ${entry.name}`,
      });
    } catch (error) {
      scope.abort(error);
      throw error;
    } finally {
      scope.release();
    }
  }

  #report(entry: HookEntry, error: unknown): void {
    if (RoomKitError.is(error, "timeout")) this.#reports.timeout(entry.name, entry.trigger);
    else this.#reports.error(entry.name, entry.trigger, RoomKitError.from(error, "hook_failed"));
  }
}
