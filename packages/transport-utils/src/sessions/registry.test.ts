import { type CloseReason, sequentialIds, silentLogger, type VoiceSession } from "@roomkit/core";
import { settle, VirtualClock } from "@roomkit/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { MediaConnection } from "../connection/media-connection.ts";
import { PacingWheel } from "../pacing/wheel.ts";
import { SessionRegistry } from "./registry.ts";

let clock: VirtualClock;
let registry: SessionRegistry;
let log: string[];

function connection(): MediaConnection {
  const format = { sampleRate: 16_000, channels: 1 } as const;
  const wheel = PacingWheel.shared(clock);
  return new MediaConnection({
    id: "c",
    label: "l",
    metadata: {},
    inbound: format,
    outbound: format,
    playback: "estimated",
    clock,
    wheel,
    logger: silentLogger,
  });
}

const bye: CloseReason = { code: "test", message: "the test ended it" };

beforeEach(() => {
  clock = new VirtualClock();
  registry = new SessionRegistry({ clock, logger: silentLogger, ids: sequentialIds() });
  log = [];
  registry.onReady((session) => log.push(`ready ${session.id} ${session.state}`));
  registry.onEnded((session, reason) => log.push(`ended ${session.id} ${session.state} ${reason.code}`));
});

describe("the sessions of a backend", () => {
  it("go from connecting to active to ended", async () => {
    const session = registry.connect("room", "user", "voice", { a: 1 });
    expect(session).toMatchObject({
      id: "session_1",
      roomId: "room",
      participantId: "user",
      channelId: "voice",
      state: "connecting",
    });
    expect(session.metadata).toEqual({ a: 1 });
    session.metadata.b = 2;
    const link = connection();
    registry.bind(session, link);
    expect(session.state).toBe("active");
    expect(registry.connectionOf(session)).toBe(link);
    expect(clock.pendingTimers).toBe(0);
    await registry.end(session, bye);
    await registry.end(session, bye);
    expect(link.closed).toBe(true);
    expect(registry.size).toBe(0);
    expect(registry.connectionOf(session)).toBeUndefined();
    expect(log).toEqual(["ready session_1 active", "ended session_1 ended test"]);
  });

  it("end with their connection", () => {
    const session = registry.connect("room", "user", "voice");
    const link = connection();
    registry.bind(session, link);
    link.end({ code: "client_lost", message: "" });
    expect(log.at(-1)).toBe("ended session_1 ended client_lost");
  });

  it("expire when nobody comes", async () => {
    const session = registry.connect("room", "user", "voice");
    await clock.advance(30_000);
    expect(session.state).toBe("ended");
    expect(log).toEqual(["ended session_1 ended connect_timeout"]);
    expect(() => registry.bind(session, connection())).toThrow(expect.objectContaining({ code: "unknown_session" }));
  });

  it("cannot be bound twice, nor by another registry, nor by a look-alike", () => {
    const session = registry.connect("room", "user", "voice");
    const other = new SessionRegistry({ clock, logger: silentLogger, ids: sequentialIds() });
    other.connect("room", "user", "voice");
    expect(() => other.bind(session, connection())).toThrow(expect.objectContaining({ code: "unknown_session" }));
    expect(other.isPending(session)).toBe(false);
    expect(() => registry.bind({ ...session }, connection())).toThrow(
      expect.objectContaining({ code: "unknown_session" }),
    );
    registry.bind(session, connection());
    expect(() => registry.bind(session, connection())).toThrow(expect.objectContaining({ code: "session_taken" }));
  });

  it("end when bound to a connection that has ended already", () => {
    const session = registry.connect("room", "user", "voice");
    const link = connection();
    link.end({ code: "client_closed", message: "" });
    registry.bind(session, link);
    expect(session.state).toBe("ended");
    expect(registry.size).toBe(0);
    expect(log).toEqual(["ended session_1 ended client_closed"]);
  });

  it("are bounded while they wait", () => {
    registry = new SessionRegistry({ clock, logger: silentLogger, maxPending: 2 });
    const first = registry.connect("r", "p", "c");
    registry.connect("r", "p", "c");
    expect(() => registry.connect("r", "p", "c")).toThrow(
      expect.objectContaining({ code: "too_many_sessions", retryable: true }),
    );
    registry.bind(first, connection());
    registry.connect("r", "p", "c");
  });

  it("are all ended together", async () => {
    registry.connect("r", "p", "c");
    registry.bind(registry.connect("r", "p", "c"), connection());
    await registry.endAll(bye);
    expect(registry.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    expect(log.filter((line) => line.startsWith("ended"))).toHaveLength(2);
  });

  it("can be found while they wait", () => {
    const session = registry.connect("r", "p", "c", { websocket_id: "x" });
    const test = (candidate: VoiceSession): boolean => candidate.metadata.websocket_id === "x";
    expect(registry.findPending(test)).toBe(session);
    registry.bind(session, connection());
    expect(registry.findPending(test)).toBeUndefined();
  });

  it("survive listeners and taps that throw", () => {
    registry.onReady(() => {
      throw new Error("boom");
    });
    let heard = 0;
    registry.onAudio(() => {
      throw new Error("boom");
    });
    const untap = registry.onAudio(() => heard++);
    const session = registry.connect("r", "p", "c");
    const line = connection();
    registry.bind(session, line);
    const frame = { samples: new Int16Array(1), sampleRate: 16_000, channels: 1, timestamp: 0 } as const;
    line.receive(frame);
    untap();
    line.receive(frame);
    expect(heard).toBe(1);
    expect(session.state).toBe("active");
  });
});

describe("a client that came before its session", () => {
  const own: VoiceSession = {
    id: "own",
    roomId: "room",
    participantId: "user",
    channelId: "realtime",
    state: "connecting",
    metadata: {},
  };

  beforeEach(() => {
    registry.onConnected((id) => log.push(`connected ${id}`));
    registry.onDisconnected((session, reason) => log.push(`disconnected ${session.id} ${reason.code}`));
  });

  it("is offered to the application, accepted once, and gone once", async () => {
    const line = connection();
    const accepted: string[] = [];
    expect(registry.offer(line, ({ id }) => accepted.push(id))).toBe(true);
    expect(registry.waiting).toBe(1);
    expect(registry.accept(own, "c")).toBe(line);
    expect(accepted).toEqual(["own"]);
    expect(registry.connectionOf(own)).toBe(line);
    expect(() => registry.accept({ ...own, id: "other" }, "c")).toThrow("already");
    expect(() => registry.accept({ ...own, id: "other" }, "nobody")).toThrow("no client");
    expect([registry.size, registry.waiting, clock.pendingTimers]).toEqual([1, 0, 0]);
    await line.close(bye);
    await registry.end(own, bye);
    expect(log).toEqual(["connected c", "disconnected own test", "ended own connecting test"]);
    expect(registry.size).toBe(0);
  });

  it("is shown to taps with what it said while it waited, before its consumer gets it", async () => {
    const line = connection();
    const seen: string[] = [];
    registry.onAudio((session, { timestamp }) => seen.push(`tap ${session.id} ${timestamp}`));
    const frame = (timestamp: number) =>
      ({ samples: new Int16Array(320), sampleRate: 16_000, channels: 1, timestamp }) as const;
    registry.offer(line, () => {});
    line.receive(frame(0));
    registry.accept(own, "c");
    line.onAudio(({ timestamp }) => seen.push(`consumer ${timestamp}`));
    await settle();
    line.receive(frame(20));
    expect(seen).toEqual(["tap own 0", "consumer 0", "tap own 20", "consumer 20"]);
  });

  it("is nobody's when nobody listens, when it leaves, and when it was not accepted in time", async () => {
    expect(new SessionRegistry({ clock, logger: silentLogger }).offer(connection(), () => {})).toBe(false);
    const gone = connection();
    registry.offer(gone, () => {});
    await gone.close(bye);
    expect(registry.waiting).toBe(0);
    expect(() => registry.accept(own, "c")).toThrow("no client");
    const late = connection();
    registry.offer(late, () => {});
    await clock.advance(30_000);
    expect(late.closed).toBe(true);
    expect([registry.waiting, registry.size, clock.pendingTimers]).toEqual([0, 0, 0]);
    const last = connection();
    registry.offer(last, () => {});
    await registry.endAll(bye);
    expect([last.closed, registry.waiting]).toEqual([true, 0]);
    expect(() => registry.accept(own, "c", AbortSignal.abort())).toThrow();
  });
});
