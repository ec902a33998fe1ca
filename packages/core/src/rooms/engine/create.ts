import { RoomKitError } from "../../errors/error.ts";
import { Emitter } from "../../events/emitter.ts";
import { randomId } from "../../ids/ids.ts";
import { consoleLogger } from "../../log/logger.ts";
import { AbortScope } from "../../time/abort-scope.ts";
import { systemClock } from "../../time/clock.ts";
import type { ChannelHost } from "../channel.ts";
import type { FrameworkEvents } from "../framework-events.ts";
import { InProcessLeases } from "../leases.ts";
import { MemoryStore } from "../memory-store.ts";
import type { RoomKitOptions } from "../options.ts";
import type { ConversationStore } from "../store.ts";
import { answerAgain } from "./answer-again.ts";
import { CallScopes } from "./call-scopes.ts";
import { commitEvent } from "./commit.ts";
import { composeReply } from "./compose-reply.ts";
import type { Engine } from "./engine.ts";
import { visibleEvents } from "./history.ts";
import { HookEngine } from "./hook-engine.ts";
import { postMessage } from "./inbound.ts";
import { checkTimers, endRoom } from "./lifecycle.ts";
import { resolveLimits } from "./limits.ts";
import { loadRoom } from "./locked.ts";
import { prepareReply } from "./prepare-reply.ts";
import { RoomRegistry } from "./registry.ts";
import { RoomLeases } from "./room-leases.ts";
import { RoomLock } from "./room-lock.ts";
import { RoomLogs } from "./room-logs.ts";
import { SessionKeeper } from "./session-keeper.ts";
import { noteFenced } from "./sessions.ts";
import { RoomTimerDriver } from "./timers.ts";

/** Puts the parts of a kit together. @throws RoomKitError `invalid_option`. */
export function createEngine(options: RoomKitOptions): Engine {
  const { clock = systemClock, ids = randomId, logger = consoleLogger } = options;
  const store: ConversationStore = options.store ?? new MemoryStore();
  const leases = options.leases ?? new InProcessLeases({ clock });
  if (store.scope === "shared" && leases.scope === "process") {
    throw new RoomKitError("invalid_option", "a store that several processes share needs leases that they share too");
  }
  const limits = resolveLimits(options);
  const events = new Emitter<FrameworkEvents>((error, event) => {
    logger.error({ event, code: RoomKitError.from(error).code }, "a listener of a framework event failed");
  });
  const hooks = new HookEngine(clock, {
    error: (hook, trigger, error) => {
      logger.warn({ hook, trigger, code: error.code }, "a hook failed");
      events.emit("hook_error", { hook, trigger, error });
    },
    timeout: (hook, trigger) => {
      logger.warn({ hook, trigger }, "a hook took too long");
      events.emit("hook_timeout", { hook, trigger });
    },
  });
  const scope = new AbortScope();
  const calls = new CallScopes();
  const timers = new RoomTimerDriver(clock, async (roomId) => {
    try {
      await checkTimers(engine, roomId);
    } catch (error) {
      logger.warn({ roomId, code: RoomKitError.from(error).code }, "a room's timer could not do its work");
    }
  });
  const roomLeases = new RoomLeases({
    leases,
    owner: options.owner ?? randomId("owner"),
    ttlMs: limits.leaseTtlMs,
    clock,
    logger,
    onTaken: (roomId) => noteFenced(engine, roomId),
    onAway: (error) => {
      if (!error) {
        logger.info({}, "leases can be renewed again");
        events.emit("leases_reachable", {});
        return;
      }
      logger.warn(
        { code: error.code },
        "leases cannot be renewed: calls go on, as long as nobody else takes their rooms",
      );
      events.emit("leases_unreachable", { error });
    },
  });
  const { keepSessions = !(store instanceof MemoryStore) && store.sessions !== undefined } = options;
  if (keepSessions && !store.sessions) {
    throw new RoomKitError("invalid_option", "sessions are kept by a store that can: this one has none");
  }
  let logs: RoomLogs | undefined;
  let keeper: SessionKeeper | undefined;
  const engine: Engine = {
    store,
    clock,
    ids,
    logger,
    limits,
    events,
    hooks,
    channels: new Map(),
    rooms: new RoomRegistry(
      store,
      scope,
      clock,
      timers,
      (roomId) => logs?.waitingFor(roomId),
      // It is noticed under the room's lock, and ending what is in it takes a while.
      (state) => void calls.outside(() => endRoom(engine, state, "room_closed", false)),
    ),
    calls,
    lock: new RoomLock(roomLeases, calls, clock),
    timers,
    get logs() {
      return logs as RoomLogs;
    },
    get keeper() {
      return keeper;
    },
    active: new Set(),
    scope,
    commit: (state, request) => commitEvent(engine, state, request),
  };
  logs = new RoomLogs(engine, (roomId) => noteFenced(engine, roomId));
  if (keepSessions && store.sessions) keeper = new SessionKeeper(engine, store.sessions);
  return engine;
}

/** What the kit offers its channels. */
export function createHost(engine: Engine): ChannelHost {
  const { clock, logger, ids, hooks, events } = engine;
  return {
    clock,
    logger,
    ids,
    processInbound: (message, options) => postMessage(engine, message, options),
    prepareReply: (message, options) => prepareReply(engine, message, options),
    composeReply: (message, options) => composeReply(engine, message, options),
    answerAgain: (event, options) => answerAgain(engine, event, options),
    sessions: engine.keeper,
    binding: (roomId, channelId) => engine.rooms.get(roomId)?.bindings.get(channelId),
    participants: (roomId) => engine.logs.participants(roomId),
    timeline: async (roomId, channelId, query) => {
      const state = await loadRoom(engine, roomId);
      return await visibleEvents(engine.logs, state.bindings.get(channelId), query);
    },
    hasHooks: (trigger, roomId) => hooks.has(trigger, roomId),
    hasSyncHooks: (trigger, roomId) => hooks.hasSync(trigger, roomId),
    runHooks: (trigger, payload, signal) => hooks.run(trigger, payload, signal),
    notifyHooks: (trigger, payload) => void hooks.notify(trigger, payload),
    emit: (event, payload) => events.emit(event, payload),
    on: (event, listener) => events.on(event, listener),
  };
}
