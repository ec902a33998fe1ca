import { type ChannelHost, RoomKit, silentLogger, type VoiceSession } from "@roomkit/core";
import { FakeBackend, FakeConnection, seededRandom, settle, VirtualClock } from "@roomkit/testing";
import { beforeEach, describe, expect, it } from "vitest";
import type { CallStart, ChannelCall } from "./channel-call.ts";
import { ChannelSessions } from "./channel-sessions.ts";

/**
 * A session is joined (J) and its client connects (C), in either order; the call is being made (S) and stands (R). Any of these
 * moments may be followed by its end: the client leaves, the session leaves its room, the channel closes, the making fails.
 * Whatever the order: one call at most, told once when it begins and once when it ends, and nothing left.
 */
let clock: VirtualClock;
let backend: FakeBackend;
let log: string[];
/** Holds the making of calls until it is called. */
let go: ((error?: Error) => void) | undefined;
let slow: boolean;
let sessions: ChannelSessions<ChannelCall>;
/** Sessions whose call pauses. */
const pausing = new Set<string>();

function start({ session, signal }: CallStart): Promise<ChannelCall> {
  log.push("start");
  const call: ChannelCall = {
    session,
    get pausing() {
      return pausing.has(session.id);
    },
    close: async (reason) => {
      log.push(`close ${reason}`);
    },
  };
  if (!slow) return Promise.resolve(call);
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    go = (error) => (error ? reject(error) : resolve(call));
  });
}

class RefusingBackend extends FakeBackend {
  readonly fulls = new Set<() => boolean>();
  refuseWhile(full: () => boolean): () => void {
    this.fulls.add(full);
    return () => void this.fulls.delete(full);
  }
}

it("has newcomers refused while what its calls need is overloaded, until it closes", async () => {
  const refusing = new RefusingBackend();
  let behind = false;
  const needs = [{}, { overloaded: () => behind }];
  const options = { channelId: "other", backend: refusing, providers: {}, joinTimeoutMs: 1_000, start, needs };
  const of = new ChannelSessions(options);
  of.register(sessions.host);
  const full = (): boolean[] => [...refusing.fulls].map((each) => each());
  expect(full()).toEqual([false]);
  behind = true;
  expect(full()).toEqual([true]);
  await of.close();
  expect(full()).toEqual([]);
});

beforeEach(() => {
  clock = new VirtualClock();
  backend = new FakeBackend();
  log = [];
  go = undefined;
  slow = false;
  pausing.clear();
  sessions = new ChannelSessions({
    channelId: "voice",
    backend,
    providers: { stt: "ears" },
    joinTimeoutMs: 1_000,
    start,
  });
  const kit = new RoomKit({ clock, logger: silentLogger });
  kit.on("voice_session_started", (parts) => log.push(`started ${parts.transport} ${parts.providers.stt}`));
  kit.on("voice_session_ended", ({ reason }) => log.push(`ended ${reason}`));
  kit.registerChannel({
    id: "voice",
    kind: "voice",
    category: "transport",
    register: (host: ChannelHost) => sessions.register(host),
    async close() {},
  });
});

const made = (): Promise<VoiceSession> => backend.connect("room", "user", "voice");
const line = (id = "c"): FakeConnection => new FakeConnection({ clock, id });

describe("a channel's sessions", () => {
  it.each([["joined first"], ["connected first"]])("become calls: %s", async (order) => {
    const session = await made();
    const client = line();
    if (order === "joined first") sessions.join(session);
    backend.bind(session, client);
    sessions.join(session);
    sessions.join(session);
    await settle();
    expect(log).toEqual(["start", "started fake ears"]);
    expect(sessions.call(session.id).session).toBe(session);
    await client.close({ code: "client_closed", message: "" });
    await settle();
    await sessions.end(session, "again");
    expect(log).toEqual(["start", "started fake ears", "close client_closed", "ended client_closed"]);
    expect([sessions.calls.length, client.listeners, clock.pendingTimers]).toEqual([0, 0, 0]);
  });

  it("that nobody joins are ended, with their client", async () => {
    const client = line();
    backend.bind(await made(), client);
    await clock.advance(1_000);
    expect([client.closed, log, clock.pendingTimers]).toEqual([true, [], 0]);
  });

  it.each([
    ["the client leaves", (_s: VoiceSession, c: FakeConnection) => c.close()],
    ["the session leaves", (s: VoiceSession) => sessions.leave(s, "left")],
    ["the room goes", () => sessions.leaveRoom("room", "detached")],
    ["the channel closes", () => sessions.close()],
    ["it fails", async () => go?.(new Error("no"))],
  ])("whose call is being made leave nothing when %s", async (_name, end) => {
    slow = true;
    const session = await made();
    const client = line();
    sessions.join(session);
    backend.bind(session, client);
    await settle();
    await end(session, client);
    await settle();
    go?.();
    await settle();
    expect(log).toEqual(["start"]);
    expect([sessions.calls.length, client.closed, client.listeners, clock.pendingTimers]).toEqual([0, true, 0, 0]);
    expect(backend.sessions.size).toBe(0);
  });

  it("begin on a client that came first, whole or not at all", async () => {
    const own: VoiceSession = { ...(await made()), id: "own" };
    const client = line("first");
    backend.client(client);
    const connection = await backend.accept(own, "first");
    await sessions.begin(own, connection);
    expect(log).toEqual(["start", "started fake ears"]);
    slow = true;
    const other: VoiceSession = { ...own, id: "other" };
    backend.client(line("second"));
    const begun = sessions.begin(other, await backend.accept(other, "second"), AbortSignal.timeout(0));
    await expect(begun).rejects.toThrow();
    expect(sessions.find("other")).toBeUndefined();
    expect(sessions.calls).toHaveLength(1);
    await sessions.close();
    await sessions.close();
    expect(log.slice(2)).toEqual(["start", "close draining", "ended draining"]);
    expect([backend.closed, client.closed]).toEqual([false, true]);
  });

  it("are refused where they do not belong", async () => {
    const session = await made();
    expect(() => sessions.join({ ...session, channelId: "other" })).toThrow("other");
    expect(() => sessions.join({ ...session, state: "ended" })).toThrow("ended");
    expect(() => sessions.call("nobody")).toThrow("no caller");
    backend.bind(await backend.connect("room", "user", "other"), line());
    await settle();
    expect(log).toEqual([]);
  });
});

describe("draining", () => {
  it.each(Array.from({ length: 20 }, (_, seed) => [seed]))(
    "ends each call by itself, at a pause, or in the end, whatever comes first (seed %i)",
    async (seed) => {
      const random = seededRandom(seed);
      const at = (most: number): number => Math.floor(random() * most);
      const calls = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const session = await made();
          const client = line(session.id);
          sessions.join(session);
          const comes = random() < 0.8;
          if (comes) backend.bind(session, client);
          return { session, client, comes, pausesAt: at(8_000), hangsUpAt: random() < 0.3 ? at(8_000) : undefined };
        }),
      );
      await settle();
      const ended = new Map<string, number>();
      const begun = clock.now();
      let drained: number | undefined;
      void sessions.drain({ timeoutMs: 3_000, handOverMs: 2_000 }).then(() => {
        drained = clock.now() - begun;
      });
      for (let ms = 0; ms <= 6_000; ms += 50) {
        for (const { session, client, comes, pausesAt, hangsUpAt } of calls) {
          if (pausesAt <= ms) pausing.add(session.id);
          if (comes && hangsUpAt !== undefined && hangsUpAt <= ms && !client.closed)
            await client.close({ code: "client_closed", message: "" });
          if (!sessions.find(session.id) && !ended.has(session.id)) ended.set(session.id, ms);
        }
        await clock.advance(50);
      }
      const expected = calls.map(({ comes, pausesAt, hangsUpAt }) => {
        const handedOver = Math.min(comes ? Math.max(3_000, pausesAt) : 3_000, 5_000);
        return comes ? Math.min(hangsUpAt ?? Number.POSITIVE_INFINITY, handedOver) : handedOver;
      });
      calls.forEach(({ session }, i) => {
        expect(Math.abs((ended.get(session.id) ?? -1_000) - (expected[i] as number))).toBeLessThanOrEqual(100);
      });
      expect(Math.abs((drained ?? -1_000) - Math.max(...expected))).toBeLessThanOrEqual(100);
      expect([backend.sessions.size, clock.pendingTimers]).toEqual([0, 0]);
    },
  );

  it("ends all at once when told to, and takes those that come late with it", async () => {
    const ending = new AbortController();
    const session = await made();
    sessions.join(session);
    backend.bind(session, line());
    await settle();
    const drained = sessions.drain({ timeoutMs: 60_000, handOverMs: 60_000, signal: ending.signal });
    await clock.advance(1_000);
    expect(sessions.calls).toHaveLength(1);
    const late = await made();
    sessions.join(late);
    ending.abort();
    await drained;
    expect([sessions.calls.length, sessions.find(late.id), backend.sessions.size]).toEqual([0, undefined, 0]);
  });
});
