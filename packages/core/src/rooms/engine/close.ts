import { RoomKitError } from "../../errors/error.ts";
import { withTimeout } from "../../time/clock.ts";
import type { Engine } from "./engine.ts";
import { endSessions } from "./sessions.ts";

/**
 * Ends everything a kit has going, in the order in which things feed each other. Nothing in it can keep the rest from ending. The
 * store is whoever made it to close: it may have other kits.
 */
export async function closeKit(engine: Engine): Promise<void> {
  // Asked before the first await. Who closes the kit from inside a delivery does not wait for that delivery.
  const inside = engine.calls.mustNotWait();
  engine.timers.close();
  engine.keeper?.close();
  engine.scope.abort(new RoomKitError("kit_closed", "the kit has been closed"));
  // What callers are told: their clients try again, and may reach a server that goes on.
  await Promise.all(engine.rooms.all().map((state) => endSessions(engine, state, "draining")));
  if (!inside) await bounded(engine, "what was under way", () => Promise.allSettled([...engine.active]));
  const closing = [...engine.channels.values()].map((channel) =>
    bounded(engine, `the channel ${channel.id}`, () => channel.close()),
  );
  await Promise.all(closing);
  if (!inside) await bounded(engine, "hooks", () => engine.hooks.idle());
  await engine.logs.close();
  await bounded(engine, "leases", () => engine.lock.leases.close());
  engine.hooks.clear();
  engine.channels.clear();
  for (const state of engine.rooms.all()) engine.rooms.drop(state.id);
  engine.events.emit("kit_closed", {});
  engine.events.clear();
}

async function bounded(engine: Engine, what: string, work: () => Promise<unknown>): Promise<void> {
  const { clock, limits, logger } = engine;
  try {
    await withTimeout((async () => await work())(), limits.closeTimeoutMs, { clock, what });
  } catch (error) {
    logger.error({ what, code: RoomKitError.from(error).code }, "could not be closed properly");
  }
}
