import { abortedError, RoomKitError } from "../../errors/error.ts";
import { withTimeout } from "../../time/clock.ts";
import type { InboundResult } from "../channel.ts";
import type { DeliverOptions } from "../options.ts";
import type { Engine } from "./engine.ts";
import { appDraft, postEvent } from "./inbound.ts";
import { loadRoom } from "./locked.ts";
import { roomClosed } from "./room-errors.ts";
import type { RoomState } from "./room-state.ts";

const STRATEGIES: readonly string[] = ["immediate", "wait-for-idle", "queued"];
const MAX_QUEUED = 100;

interface Batch {
  readonly texts: Set<{ readonly text: string }>;
  readonly said: Promise<InboundResult | undefined>;
}

/** Says something into rooms that did not ask: notices, results of work in the background, reminders. */
export class ProactiveDelivery {
  readonly #engine: Engine;
  /** By room and role. */
  readonly #batches: Map<string, Batch> = new Map();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async deliver(roomId: string, text: string, options: DeliverOptions = {}): Promise<InboundResult> {
    const { strategy = "immediate", signal } = options;
    if (!STRATEGIES.includes(strategy))
      throw new RoomKitError("invalid_option", `there is no strategy ${String(strategy)}`);
    if (signal?.aborted) throw abortedError(signal);
    if (strategy === "queued") return await this.#queue(roomId, text, options);
    if (strategy === "wait-for-idle") await this.#quiet(await loadRoom(this.#engine, roomId, signal), options, signal);
    return await this.#say(roomId, text, options, signal);
  }

  async #queue(roomId: string, text: string, options: DeliverOptions): Promise<InboundResult> {
    const { signal } = options;
    const key = JSON.stringify([roomId, options.role ?? "assistant"]);
    const batch = this.#batches.get(key) ?? this.#open(key, roomId, options);
    if (batch.texts.size >= MAX_QUEUED)
      throw new RoomKitError("queue_full", `${MAX_QUEUED} texts wait already`, { retryable: true });
    const entry = { text };
    batch.texts.add(entry);
    const withdraw = (): void => void batch.texts.delete(entry);
    signal?.addEventListener("abort", withdraw, { once: true });
    try {
      const result = await batch.said;
      if (!result || signal?.aborted) throw abortedError(signal);
      return result;
    } finally {
      signal?.removeEventListener("abort", withdraw);
    }
  }

  #open(key: string, roomId: string, options: DeliverOptions): Batch {
    const texts = new Set<{ readonly text: string }>();
    const said = (async () => {
      const state = await loadRoom(this.#engine, roomId);
      await this.#quiet(state, options, undefined);
      this.#batches.delete(key);
      const all = [...texts].map(({ text }) => text);
      return all.length === 0 ? undefined : await this.#say(roomId, all.join("\n\n"), options, undefined);
    })();
    const batch = { texts, said };
    this.#batches.set(key, batch);
    const forget = (): void => {
      if (this.#batches.get(key) === batch) this.#batches.delete(key);
    };
    said.then(forget, forget);
    return batch;
  }

  #say(roomId: string, text: string, options: DeliverOptions, signal: AbortSignal | undefined): Promise<InboundResult> {
    const draft = appDraft({ content: { type: "text", text }, source: { role: options.role ?? "assistant" } });
    return postEvent(this.#engine, roomId, draft, signal ? { signal } : {});
  }

  /** Waits until it has been quiet for a while. @throws RoomKitError `aborted`, `room_closed`. */
  async #quiet(state: RoomState, options: DeliverOptions, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#engine;
    const { quietMs = 1_000, maxWaitMs = 15_000 } = options;
    const latest = clock.now() + maxWaitMs;
    const scope = state.scope.child(signal);
    try {
      while (state.open) {
        const left = latest - clock.now();
        // Whoever never falls silent is told all the same.
        if (left <= 0) return;
        await withTimeout(state.whenIdle(), left, { clock, signal: scope.signal }).catch(onlyTimeout);
        const before = state.room.eventCount;
        await clock.sleep(Math.min(quietMs, Math.max(0, latest - clock.now())), scope.signal);
        if (!state.busy && state.room.eventCount === before) return;
      }
      throw roomClosed(state.id);
    } finally {
      scope.release();
    }
  }
}

function onlyTimeout(error: unknown): void {
  if (!RoomKitError.is(error, "timeout")) throw error;
}
