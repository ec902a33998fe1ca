import { type CloseReason, sequentialIds, silentLogger, type VoiceConnection, type VoiceSession } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
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
    registry.bind(session, connection() as VoiceConnection);
    const frame = { samples: new Int16Array(1), sampleRate: 16_000, channels: 1, timestamp: 0 } as const;
    registry.tap(session, frame);
    untap();
    registry.tap(session, frame);
    expect(heard).toBe(1);
    expect(session.state).toBe("active");
  });
});
