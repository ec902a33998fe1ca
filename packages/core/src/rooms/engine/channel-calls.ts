import { withTimeout } from "../../time/clock.ts";
import { type Engine, reportDelivery } from "./engine.ts";

/** Calls a channel's method that may refuse, for at most `deliveryTimeoutMs`. @throws what it throws, or `timeout`. */
export async function callChannel<T>(engine: Engine, channelId: string, work: () => T | Promise<T>): Promise<T> {
  const { clock, limits } = engine;
  const running = (async () => await work())();
  return await withTimeout(running, limits.deliveryTimeoutMs, { clock, what: `the channel ${channelId}` });
}

/** Calls a channel's method that cannot refuse: its failure is reported and harms nothing else. */
export async function tellChannel(
  engine: Engine,
  roomId: string,
  channelId: string,
  work: () => unknown,
): Promise<void> {
  try {
    await callChannel(engine, channelId, work);
  } catch (error) {
    reportDelivery(engine, roomId, channelId, error);
  }
}
