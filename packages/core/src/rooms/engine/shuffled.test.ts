import { seededRandom, settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { VoiceSession } from "../../contracts/voice.ts";
import { RoomKitError } from "../../errors/error.ts";
import { sequentialIds } from "../../ids/ids.ts";
import { silentLogger } from "../../log/logger.ts";
import { InProcessLeases } from "../leases.ts";
import { MemoryStore } from "../memory-store.ts";
import { readAll, TestChannel } from "../rig.fixture.ts";
import { closeKit } from "./close.ts";
import { createEngine, createHost } from "./create.ts";
import { postMessage } from "./inbound.ts";
import { closeRoom, createRoom, setPaused, setTimers } from "./lifecycle.ts";
import { addChannel, attachChannel, detachChannel, updateBinding } from "./membership.ts";
import { joinRoom, leaveRoom } from "./sessions.ts";

/** What may be refused when everything crosses; anything else is a fault. */
const REFUSED = [
  "room_closed",
  "kit_closed",
  "not_attached",
  "session_ended",
  "timeout",
  "aborted",
  "unknown_channel",
  "chain_too_deep",
];
const CHANNELS = ["voice", "screen", "ai", "ai2"];

/**
 * One room in which people come and go, channels are attached, muted and detached, hooks block, throw, hang, answer late and call back, the store is
 * slow, and everything is closed at some time. Whatever the order:
 *
 * - indexes have no gap, and a key is in the log once;
 * - a channel is given events in the order of their indexes, each once;
 * - what a channel was told last, attached or detached, is what the room says; the same of sessions;
 * - every call ends, with a result or a known refusal; after the end nothing is held and no timer runs.
 */
async function live(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const clock = new VirtualClock();
  const wait = async (ms: number): Promise<void> => {
    if (ms > 0) await clock.sleep(ms);
  };
  const store = new MemoryStore();
  const slow = pick(3) * 20;
  for (const name of ["commit", "patchRoom", "putBinding", "removeBinding", "putParticipant"] as const) {
    const real = store[name].bind(store) as (...args: unknown[]) => Promise<unknown>;
    // Slow before, or late with its answer.
    (store as unknown as Record<string, unknown>)[name] = async (...args: unknown[]) => {
      const before = pick(2) === 0;
      if (before) await wait(pick(slow + 1));
      const result = await real(...args);
      if (!before) await wait(pick(slow + 1));
      return result;
    };
  }
  const leases = new InProcessLeases({ clock });
  const engine = createEngine({
    ...{ clock, leases, store, ids: sequentialIds(), logger: silentLogger },
    ...{ processTimeoutMs: 2_000, deliveryTimeoutMs: 1_000, closeTimeoutMs: 3_000, streamIdleTimeoutMs: 500 },
  });
  const channels = new Map<string, TestChannel>();
  const inside = new Set<string>();
  const sessions: VoiceSession[] = [];
  let texts = 0;
  const say = (channelId: string, key?: string, signal?: AbortSignal): Promise<unknown> => {
    const content = { type: "text", text: `${++texts}` } as const;
    return postMessage(engine, { roomId: "room", channelId, content, idempotencyKey: key }, { signal });
  };
  for (const id of CHANNELS) {
    const channel = new TestChannel(id, id.startsWith("ai") ? "intelligence" : "transport");
    channels.set(id, channel);
    channel.attach = () => wait(pick(30));
    channel.onJoin = () => wait(pick(50));
    channel.join = async (session) => {
      inside.add(session.id);
      await wait(pick(50));
      if (pick(8) === 0) throw new Error("no");
    };
    channel.leave = async (session) => {
      inside.delete(session.id);
      await wait(pick(50));
    };
    channel.onClose = () => {
      for (const { id: one, channelId } of sessions) if (channelId === id) inside.delete(one);
    };
    channel.onDeliver = async () => {
      // Some hang beyond their time.
      await wait(pick(12) === 0 ? 1_500 : pick(20));
      if (pick(8) === 0) throw new Error("bad");
      if (pick(12) === 0) await say(id).catch(refused);
    };
    if (id === "screen") channel.listen = async ({ text }) => ({ text: await readAll(text) });
    const stream = async function* (): AsyncGenerator<string> {
      for (let n = pick(4); n >= 0; n--) {
        await wait(pick(20) === 0 ? 800 : pick(40));
        if (pick(10) === 0) throw new Error("model");
        yield "word ";
      }
    };
    channel.answer = async (event) => {
      if (channel.category !== "intelligence" || (event.source.role !== "user" && pick(3) > 0)) return undefined;
      await wait(pick(20));
      return { stream: { text: stream() } };
    };
    addChannel(engine, channel);
    channel.register(createHost(engine));
  }
  engine.hooks.add("AFTER_BROADCAST", async () => await wait(pick(10)));
  engine.hooks.add(
    "BEFORE_BROADCAST",
    async ({ event }) => {
      const what = pick(14);
      await wait(pick(20));
      if (what === 0) throw new Error("hook");
      if (what === 1) await wait(300);
      if (what === 2) return { action: "block" };
      if (what === 3) return { action: "modify", payload: { event: { ...event, metadata: { seen: true } } } };
      if (what === 4) await say("voice", pick(2) === 0 ? event.idempotencyKey : undefined).catch(refused);
      if (what === 5) await updateBinding(engine, "room", "screen", { outputMuted: pick(2) === 0 }).catch(refused);
      return undefined;
    },
    { timeoutMs: 100 },
  );
  await createRoom(engine, { id: "room", timers: pick(2) ? { inactiveAfterMs: 200, closedAfterMs: 4_000 } : {} });
  for (const id of CHANNELS) await racing(clock, attachChannel(engine, "room", id));

  const at = (): string => CHANNELS[pick(CHANNELS.length)] as string;
  const act = async (): Promise<unknown> => {
    switch (pick(12)) {
      case 0:
        return await attachChannel(engine, "room", at(), { muted: pick(4) === 0 });
      case 1:
        return await detachChannel(engine, "room", at());
      case 2:
        return await updateBinding(engine, "room", at(), { muted: pick(2) === 0, outputMuted: pick(3) === 0 });
      case 3:
        return await setPaused(engine, "room", pick(2) === 0);
      case 4:
        return await setTimers(engine, "room", pick(2) ? { inactiveAfterMs: 100 + pick(500) } : {});
      case 5: {
        const id = `s${sessions.length}`;
        const made = { id, roomId: "room", channelId: at(), participantId: `p${pick(3)}`, state: "active" };
        const session = made as unknown as VoiceSession;
        sessions.push(session);
        await joinRoom(engine, "room", session.channelId, session);
        return;
      }
      case 6: {
        const session = sessions[pick(sessions.length)];
        return session && (await leaveRoom(engine, session, "left"));
      }
      case 7: {
        const controller = new AbortController();
        clock.setTimeout(() => controller.abort(), pick(60));
        return await say(at(), undefined, controller.signal);
      }
      case 8:
        return await say(at(), `key${pick(4)}`);
      default:
        return await say(pick(2) ? "voice" : at());
    }
  };
  const under: Promise<unknown>[] = [];
  const unknown: string[] = [];
  function refused(error: unknown): void {
    const { code, message } = RoomKitError.from(error);
    if (!REFUSED.includes(code) && message !== "no") unknown.push(`${code}: ${message}`);
  }
  for (let n = 20 + pick(20); n > 0; n--) {
    under.push(act().catch(refused));
    if (pick(3) === 0) await clock.advance(pick(60));
  }
  // A room that is closed while all of that is under way, or afterwards.
  if (pick(2) === 0) await racing(clock, Promise.all(under));
  const ending = pick(3) === 0 ? closeKit(engine) : closeRoom(engine, "room").catch(refused);
  for (let n = pick(6); n > 0; n--) under.push(act().catch(refused));
  await racing(clock, Promise.all([...under, ending]));
  await clock.advance(2_000);
  await settle();
  expect(unknown).toEqual([]);

  const log = await store.readEvents("room");
  expect(log.map(({ index }) => index)).toEqual(log.map((_, i) => i));
  const keys = log.flatMap(({ idempotencyKey }) => (idempotencyKey === undefined ? [] : [idempotencyKey]));
  expect(keys).toHaveLength(new Set(keys).size);
  for (const channel of channels.values()) {
    const told = channel.calls.filter((call) => call === "attached" || call === "detached");
    // The end of a kit is told by `close`.
    if (!engine.scope.aborted) expect(told.at(-1) ?? "detached").toBe("detached");
  }
  for (const [id, channel] of channels) {
    const said = log.filter(({ content }) => content.type === "text");
    const order = channel.read.filter((text) => /^\d+$/.test(text)).map((text) => indexOf(said, text));
    expect([id, order]).toEqual([id, [...new Set(order)].sort((a, b) => a - b)]);
  }
  expect([...inside]).toEqual([]);
  if (!engine.scope.aborted) await racing(clock, closeKit(engine));
  await clock.advance(5_000);
  expect({
    leases: leases.size,
    sections: engine.lock.size,
    active: engine.active.size,
    timers: clock.pendingTimers,
    rooms: engine.rooms.all().length,
    scopes: engine.scope.size,
  }).toEqual({ leases: 0, sections: 0, active: 0, timers: 0, rooms: 0, scopes: 0 });
}

function indexOf(log: readonly { readonly content: unknown; readonly index: number }[], text: string): number {
  return log.find(({ content }) => (content as { text: string }).text === text)?.index ?? -1;
}

/** Lets time pass until `work` is over. */
async function racing<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  done.catch(() => {});
  for (let n = 0; !over && n < 2_000; n++) await clock.advance(25);
  expect(over).toBe(true);
  return await done;
}

describe("a room in which everything crosses", () => {
  const seeds = Array.from({ length: 60 }, (_, i) => i + 1);
  it.each(seeds)("leaves a whole log and nothing else (seed %i)", live, 20_000);
});
