import { settle, VirtualClock } from "@roomkit/testing";
import { expect, it } from "vitest";
import { sequentialIds } from "../../ids/ids.ts";
import { silentLogger } from "../../log/logger.ts";
import { InProcessLeases } from "../leases.ts";
import { pieces, readAll, TestChannel } from "../rig.fixture.ts";
import { createEngine, createHost } from "./create.ts";
import type { Engine } from "./engine.ts";
import { postMessage } from "./inbound.ts";
import { closeRoom, createRoom } from "./lifecycle.ts";
import { addChannel, attachChannel } from "./membership.ts";

/** Everything a kit holds on to for a room or an event, counted. */
function held(engine: Engine, leases: InProcessLeases, clock: VirtualClock): Record<string, number> {
  const states = engine.rooms.all();
  return {
    leases: leases.size,
    sections: engine.lock.size,
    active: engine.active.size,
    timers: clock.pendingTimers,
    roomScopes: engine.scope.size,
    eventScopes: states.reduce((sum, { scope }) => sum + scope.size, 0),
    lanes: states.reduce((sum, { lanes }) => sum + lanes.size + lanes.pending, 0),
    notices: states.reduce((sum, { notices }) => sum + notices.size, 0),
    rooms: states.length,
  };
}

it("two hundred rooms with messages, streams, failures and aborts leave nothing behind", async () => {
  const clock = new VirtualClock();
  const leases = new InProcessLeases({ clock });
  const engine = createEngine({ clock, leases, ids: sequentialIds(), logger: silentLogger });
  const voice = new TestChannel("voice");
  const ai = new TestChannel("ai", "intelligence");
  const bad = new TestChannel("bad");
  voice.listen = async ({ text }) => ({ text: await readAll(text) });
  ai.answer = (event) => (event.source.role === "user" ? { stream: { text: pieces("one ", "two") } } : undefined);
  bad.answer = () => Promise.reject(new Error("bad"));
  for (const channel of [voice, ai, bad]) {
    addChannel(engine, channel);
    channel.register(createHost(engine));
  }
  engine.hooks.add("BEFORE_BROADCAST", async () => {});
  engine.hooks.add("AFTER_BROADCAST", async () => {});

  const call = async (n: number): Promise<void> => {
    const { id } = await createRoom(engine, { timers: { closedAfterMs: 60_000 } });
    for (const channel of ["voice", "ai", "bad"]) await attachChannel(engine, id, channel);
    const controller = new AbortController();
    const message = { roomId: id, channelId: "voice", content: { type: "text", text: `${n}` } } as const;
    const both = [postMessage(engine, message), postMessage(engine, message, { signal: controller.signal })];
    if (n % 3 === 0) controller.abort();
    await Promise.allSettled(both);
    if (n % 2 === 0) await closeRoom(engine, id);
  };
  for (let n = 0; n < 200; n += 50) await Promise.all(Array.from({ length: 50 }, (_, m) => call(n + m)));
  await settle();
  const idle = { leases: 0, sections: 0, active: 0, eventScopes: 0, lanes: 0, notices: 0 };
  expect(held(engine, leases, clock)).toEqual({ ...idle, rooms: 100, roomScopes: 100, timers: 100 });
  await clock.advance(60_000);
  expect(held(engine, leases, clock)).toEqual({ ...idle, rooms: 0, roomScopes: 0, timers: 0 });
}, 30_000);
