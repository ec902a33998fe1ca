import { seededRandom, settle, VirtualClock } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VoiceSession } from "../../contracts/voice.ts";
import { RoomKitError } from "../../errors/error.ts";
import { silentLogger } from "../../log/logger.ts";
import type { KeepingSession, SessionState } from "../channel.ts";
import type { KeptSession } from "../kept-sessions.ts";
import { RoomKit } from "../kit.ts";
import type { AcquireOptions, Lease } from "../lease.ts";
import { InProcessLeases } from "../leases.ts";
import { MemoryStore } from "../memory-store.ts";
import { TestChannel } from "../rig.fixture.ts";
import type { ConversationStore } from "../store.ts";

/** What several kits share, as processes do. */
class SharedLeases extends InProcessLeases {
  override readonly scope = "shared" as never;
  override acquire(key: string, options: AcquireOptions): Promise<Lease> {
    return super.acquire(key, options);
  }
}

class Store extends MemoryStore {
  down = false;
  /** Its clock was set forward: all that it keeps is over, which is told once. */
  ahead = false;
  /** What was kept, in the order in which that was begun. */
  readonly written: KeptSession[] = [];
  hold: Promise<void> | undefined;
  override get sessions() {
    const { sessions } = { sessions: super.sessions };
    return {
      find: sessions.find.bind(sessions),
      expired: async (limit: number) => {
        const over = this.ahead ? await sessions.find("t") : undefined;
        this.ahead = false;
        if (over === undefined) return await sessions.expired(limit);
        await sessions.forget(over.sessionId, {});
        return [over];
      },
      forget: sessions.forget.bind(sessions),
      keep: async (...args: Parameters<typeof sessions.keep>) => {
        this.written.push(args[0]);
        await this.hold;
        if (this.down) throw new RoomKitError("store_unavailable", "down", { retryable: true });
        return await sessions.keep(...args);
      },
    };
  }
}

let clock: VirtualClock;
let store: Store;
let leases: SharedLeases;
let kits: RoomKit[];
let events: string[];

/** One process: a kit with a channel of its own. */
async function process(name: string) {
  const kit = new RoomKit({ clock, store, leases, owner: name, logger: silentLogger, keepSessions: true });
  kits.push(kit);
  const voice = new TestChannel("voice");
  kit.registerChannel(voice);
  for (const event of ["room_fenced", "sessions_not_kept", "voice_session_lost"] as const)
    kit.on(event, () => events.push(`${name} ${event}`));
  const { sessions } = voice.host;
  if (!sessions) throw new Error("sessions are kept");
  return { kit, voice, sessions };
}

const session = (id: string, metadata: Record<string, unknown> = {}): VoiceSession => ({
  ...{ id, roomId: "r", participantId: "caller", channelId: "voice", state: "active", metadata },
});
const state = (call: unknown, token = "t"): SessionState => ({ tokens: [token], transport: {}, call });

/** A session that is in the room of a process, and kept. */
async function kept(of: Awaited<ReturnType<typeof process>>, read: () => SessionState | undefined) {
  await of.kit.createRoom({ id: "r" });
  await of.kit.attachChannel("r", "voice");
  const own = session("s");
  await of.kit.join("r", "voice", { session: own });
  return { own, keeping: of.sessions.keep(own, read) };
}

beforeEach(() => {
  clock = new VirtualClock();
  store = new Store({ clock });
  leases = new SharedLeases({ clock });
  kits = [];
  events = [];
});
afterEach(async () => {
  for (const kit of kits) {
    const closing = kit.close();
    await clock.advance(20_000);
    await closing;
  }
  expect(clock.pendingTimers).toBe(0);
});

describe("sessions that outlive their process", () => {
  it("are kept only where a store can, and by itself only where that outlives the process", () => {
    const has = (options: ConstructorParameters<typeof RoomKit>[0]): boolean => {
      const voice = new TestChannel("voice");
      new RoomKit({ clock, ...options }).registerChannel(voice);
      return voice.host.sessions !== undefined;
    };
    expect(has({ store: new MemoryStore() })).toBe(false);
    const other = (sessions: ConversationStore["sessions"]): ConversationStore => ({
      ...({ createRoom: store.createRoom } as unknown as ConversationStore),
      ...{ scope: "process", sessions },
    });
    expect(has({ store: other(undefined) })).toBe(false);
    expect(() => has({ store: other(undefined), keepSessions: true })).toThrow("this one has none");
    expect(() => has({ keepSessions: 1 as never })).toThrow("keepSessions");
  });

  it("are written at once when something matters, once more soon after, and otherwise twice a second", async () => {
    const a = await process("a");
    let call = 0;
    const { keeping } = await kept(a, () => state(++call));
    await clock.advance(0);
    expect(store.written).toHaveLength(1);
    for (let i = 0; i < 100; i++) {
      keeping.changed();
      await clock.advance(10);
    }
    expect(store.written).toHaveLength(3);
    keeping.changed(true);
    await settle();
    expect(store.written).toHaveLength(4);
    await clock.advance(100);
    expect(store.written).toHaveLength(5);
    // Nothing changes: again before its time is over.
    await clock.advance(19_000);
    expect(store.written).toHaveLength(5);
    await clock.advance(1_000);
    expect(store.written).toHaveLength(6);
    await keeping.forget();
    await clock.advance(60_000);
    expect([store.written.length, await store.sessions.find("t")]).toEqual([6, undefined]);
  });

  it("are written one after the other, with what there is by then, and after a last time no more", async () => {
    const a = await process("a");
    let call = 0;
    const { keeping } = await kept(a, () => state(call));
    await clock.advance(0);
    let free = (): void => {};
    store.hold = new Promise((resolve) => {
      free = resolve;
    });
    keeping.changed(true);
    for (call = 1; call < 5; call++) keeping.changed(true);
    await clock.advance(1_000);
    expect(store.written).toHaveLength(2);
    free();
    await settle();
    expect(store.written.at(-1)?.call).toBe(5);
    expect(store.written).toHaveLength(3);
    call = 6;
    expect(await keeping.handOver()).toBe(true);
    keeping.changed(true);
    await keeping.handOver();
    await keeping.forget();
    await clock.advance(60_000);
    expect([store.written.length, store.written.at(-1)?.call]).toEqual([4, 6]);
  });

  it("cost nothing while the store is down, which is told once, and its return is no event", async () => {
    const a = await process("a");
    const { keeping } = await kept(a, () => state("x"));
    store.down = true;
    for (let i = 0; i < 5; i++) {
      keeping.changed(true);
      await clock.advance(1_000);
    }
    expect(events).toEqual(["a sessions_not_kept"]);
    store.down = false;
    keeping.changed(true);
    await clock.advance(1_000);
    expect((await store.sessions.find("t"))?.call).toBe("x");
    await keeping.forget();
  });

  it("leave out what of their metadata is no data; one that is too long or no data at all is not kept", async () => {
    const a = await process("a");
    await a.kit.createRoom({ id: "r" });
    const good = a.sessions.keep(session("good", { user: "u", socket: { close() {} }, list: [1] }), () => state(1));
    const long = a.sessions.keep(session("long"), () => state("x".repeat(70_000), "long"));
    const live = a.sessions.keep(session("live"), () => state(() => {}, "live"));
    await clock.advance(2_000);
    expect((await store.sessions.find("t"))?.metadata).toEqual({ user: "u", list: [1] });
    expect([await store.sessions.find("long"), await store.sessions.find("live")]).toEqual([undefined, undefined]);
    expect(await live.handOver()).toBe(false);
    for (const each of [good, long]) expect(await each.forget()).toBe(true);
  });

  it("are taken over by one process, which shuts the other out", async () => {
    const [a, b] = [await process("a"), await process("b")];
    const { own, keeping } = await kept(a, () => state("newest"));
    await clock.advance(0);
    const made: KeptSession[] = [];
    const make = async (of: KeptSession): Promise<VoiceSession> => {
      made.push(of);
      return session(of.sessionId);
    };
    expect(await b.sessions.takeOver("other", "voice", make, new AbortController().signal)).toBeUndefined();
    const taken = await b.sessions.takeOver("t", "voice", make, new AbortController().signal);
    expect([taken?.id, made[0]?.call, b.voice.calls.includes("join s")]).toEqual(["s", "newest", true]);
    // The one before wakes up: it closes nothing, writes nothing, and lets its session go.
    await expect(a.kit.closeRoom("r")).rejects.toMatchObject({ code: "fenced" });
    expect(events).toEqual(["a room_fenced"]);
    expect(await keeping.handOver()).toBe(true);
    await clock.advance(10);
    expect(a.voice.calls.at(-1)).toContain("draining");
    expect(await keeping.forget()).toBe(false);
    expect((await store.sessions.find("t"))?.call).toBe("newest");
    expect((await b.kit.getRoom("r"))?.status).toBe("active");
    expect(own.roomId).toBe("r");
    await b.kit.leave(taken as VoiceSession);
  });

  it("are not taken over when they have ended meanwhile, nor by one that cannot make them", async () => {
    const [a, b] = [await process("a"), await process("b")];
    const { keeping } = await kept(a, () => state("x"));
    await clock.advance(0);
    const { signal } = new AbortController();
    const fails = async (): Promise<VoiceSession> => {
      throw new RoomKitError("too_many_sessions", "full", { retryable: true });
    };
    await expect(b.sessions.takeOver("t", "voice", fails, signal)).rejects.toMatchObject({ code: "too_many_sessions" });
    // Nobody has it now: its client comes back once more, and another tries.
    expect([leases.size, (await store.sessions.find("t"))?.sessionId]).toEqual([0, "s"]);
    const taken = await b.sessions.takeOver("t", "voice", async (of) => session(of.sessionId), signal);
    expect(taken?.id).toBe("s");
    const again = b.sessions.keep(taken as VoiceSession, () => state("y", "t2"));
    await clock.advance(0);
    expect(await store.sessions.find("t")).toBeUndefined();
    await again.forget();
    await keeping.forget();
    expect(await a.sessions.takeOver("t2", "voice", fails, signal)).toBeUndefined();
    await b.kit.leave(taken as VoiceSession);
  });

  it("that nobody comes back to are told of once, and the rooms of callers close", async () => {
    const [a, b] = [await process("a"), await process("b")];
    const { keeping } = await kept(a, () => state("x"));
    await clock.advance(0);
    await keeping.handOver();
    await clock.advance(200_000);
    expect(events.filter((event) => event.endsWith("voice_session_lost"))).toHaveLength(1);
    expect(b.kit).toBeDefined();
  });

  it("row 69: that are alive here are kept anew where the store's clock was set forward, and lost to nobody", async () => {
    const a = await process("a");
    const { keeping } = await kept(a, () => state("x"));
    await clock.advance(0);
    store.ahead = true;
    await clock.advance(60_000);
    expect([store.ahead, events]).toEqual([false, []]);
    expect(await store.sessions.find("t")).toMatchObject({ sessionId: "s" });
    await keeping.forget();
  });

  it("whatever comes in whatever order: never two writes of one at once, none after the end", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = seededRandom(seed);
      const a = await process(`seed ${seed}`);
      const id = `r${seed}`;
      await a.kit.createRoom({ id });
      let [writing, most, over] = [0, 0, false];
      const wait = async (): Promise<void> => {
        writing++;
        most = Math.max(most, writing);
        expect(over).toBe(false);
        await clock.sleep(random() * 900);
        writing--;
      };
      const own = { ...session(`s${seed}`), roomId: id };
      const keeping: KeepingSession = a.sessions.keep(own, () => state(seed, `t${seed}`));
      Object.defineProperty(store, "hold", { get: wait, configurable: true });
      for (let step = 0; step < 30; step++) {
        keeping.changed(random() < 0.3);
        store.down = random() < 0.2;
        await clock.advance(Math.floor(random() * 400));
      }
      const ending = random() < 0.5 ? keeping.forget() : keeping.handOver();
      await clock.advance(7_000);
      await ending;
      over = true;
      keeping.changed(true);
      await clock.advance(30_000);
      expect(most).toBe(1);
      Object.defineProperty(store, "hold", { value: undefined, writable: true, configurable: true });
    }
  });
});
