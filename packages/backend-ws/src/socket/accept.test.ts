import { mulaw } from "@roomkit/codec-mulaw";
import { silentLogger, type VoiceConnection, type VoiceSession } from "@roomkit/core";
import { encodeAudioFrame } from "@roomkit/protocol";
import { VirtualClock } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketBackend } from "../backend.ts";
import type { WebSocketBackendOptions } from "../options.ts";
import { tone } from "../rig.fixture.ts";
import { FakeSocket } from "./fake-socket.fixture.ts";

let clock: VirtualClock;
let backend: WebSocketBackend;
let connections: VoiceConnection[];
let ended: [VoiceSession, string][];

function make(options: WebSocketBackendOptions = {}): void {
  connections = [];
  ended = [];
  backend = new WebSocketBackend({ codec: mulaw(), clock, logger: silentLogger, ...options });
  backend.onSessionReady((_session, connection) => connections.push(connection));
  backend.onSessionEnded((session, reason) => ended.push([session, reason.code]));
}

async function join(start: Record<string, unknown> = { websocket_id: "me" }): Promise<FakeSocket> {
  const socket = new FakeSocket();
  const count = connections.length;
  backend.acceptSocket(socket, { sessionFactory: () => backend.connect("room", "user", "voice") });
  socket.say({ event: "start", ...start });
  await clock.advance(0);
  expect(connections).toHaveLength(count + 1);
  return socket;
}

beforeEach(() => {
  clock = new VirtualClock();
  make();
});
afterEach(async () => {
  const closing = backend.close();
  await clock.advance(10_000);
  await closing;
  expect(backend.counts).toEqual({ sockets: 0, sessions: 0, live: 0, suspended: 0, labels: 0, tokens: 0 });
  expect(clock.pendingTimers).toBe(0);
});

describe("a socket of any framework", () => {
  it("is served like our own", async () => {
    const socket = await join({ protocol: 1 });
    expect(socket.binaryType).toBe("arraybuffer");
    expect(JSON.parse(socket.sent[0] as string)).toMatchObject({ event: "ready" });
    const heard: number[] = [];
    connections[0]?.onAudio((frame) => heard.push(frame.samples.length));
    socket.say(encodeAudioFrame({ utterance: 0, offset: 0, end: false, audio: new Uint8Array(640) }).buffer);
    expect(heard).toEqual([320]);
    socket.gone(1000);
    expect(ended.map(([, code]) => code)).toEqual(["client_closed"]);
  });

  it("that was closed before it came is let go", async () => {
    const socket = new FakeSocket();
    socket.readyState = 3;
    let gone = 0;
    backend.acceptSocket(socket, { onGone: () => gone++ });
    await clock.advance(0);
    expect(gone).toBe(1);
    expect(backend.counts.sockets).toBe(0);
  });

  it("whose audio has another rate than its session is told so, once, and goes on", async () => {
    const socket = await join();
    const payload = Buffer.alloc(2_048, 0xff).toString("base64");
    for (let i = 0; i < 240; i++) {
      socket.say({ event: "media", media: { payload } });
      await clock.advance(2_048 / 24);
    }
    const told = socket.sent.map((text) => JSON.parse(text as string)).filter(({ type }) => type === "error");
    expect(told).toEqual([
      {
        type: "error",
        code: "wrong_sample_rate",
        message: "you send 24000 Hz, the session is 48000 Hz",
        retryable: false,
      },
    ]);
    expect(socket.closed).toBeUndefined();
  });

  it("that sends what cannot be read, such as a blob, is ignored", async () => {
    const socket = await join();
    socket.emit("message", { data: { size: 5 } });
    socket.emit("error", new Error("boom"));
    expect(socket.closed).toBeUndefined();
  });
});

describe("a client that reads slowly", () => {
  it("has no more than a second of audio in its buffer; the rest waits, oldest utterances go first, control goes on", async () => {
    const socket = await join();
    const [connection] = connections as [VoiceConnection];
    socket.reading = false;
    for (let i = 0; i < 30; i++) {
      connection.play(`u${i}`, tone(24_000, 1_000));
      connection.endUtterance(`u${i}`);
    }
    await clock.advance(10_000);
    // A second of 24 kHz mu-law in base64, and at most a message more.
    expect(socket.bufferedAmount).toBeGreaterThan(31_000);
    expect(socket.bufferedAmount).toBeLessThan(33_000);
    expect(connection.queuedMs).toBeLessThanOrEqual(20_000);
    connection.send({ type: "transcript", id: "t", role: "assistant", text: "still told", final: true, revision: 0 });
    expect(socket.sent.at(-1)).toContain("still told");
    // When it reads again it hears the newest, from the beginning of an utterance.
    const before = socket.sent.length;
    socket.reading = true;
    socket.bufferedAmount = 0;
    await clock.advance(30_000);
    expect(connection.queuedMs).toBe(0);
    expect(socket.sent.length - before).toBeGreaterThan(900);
  });

  it("is cut off at 256 KiB, whatever piled up", async () => {
    const socket = await join({ protocol: 1 });
    const [connection] = connections as [VoiceConnection];
    socket.reading = false;
    for (let i = 0; i < 100; i++) connection.send({ type: "data", name: "x", payload: "x".repeat(10_000) });
    expect(socket.bufferedAmount).toBeLessThan(256 * 1024 + 20_000);
    expect(socket.closed).toEqual({ code: 1013, reason: "slow_consumer" });
    expect(ended.map(([, code]) => code)).toEqual(["slow_consumer"]);
    // It never answers the close either.
    await clock.advance(2_001);
    expect(backend.counts.sockets).toBe(0);
  });
});

describe("silence", () => {
  it("of a minute ends a connection that cannot be pinged", async () => {
    const socket = await join();
    await clock.advance(59_000);
    socket.say({ event: "ping" });
    await clock.advance(59_900);
    expect(socket.closed).toBeUndefined();
    await clock.advance(200);
    expect(socket.closed).toEqual({ code: 1008, reason: "idle_timeout" });
    expect(ended.map(([, code]) => code)).toEqual(["idle_timeout"]);
  });
});

describe("the length of a session", () => {
  it("may be bounded", async () => {
    make({ maxSessionMs: 600_000, idleTimeoutMs: 1e9 });
    const socket = await join({ protocol: 1 });
    await clock.advance(599_999);
    expect(socket.closed).toBeUndefined();
    await clock.advance(1);
    expect(socket.closed).toEqual({ code: 1000, reason: "session_limit" });
    expect(ended.map(([, code]) => code)).toEqual(["session_limit"]);
  });
});

describe("mistakes of the application", () => {
  it("in a message kept for a client end nothing", async () => {
    backend.onSessionReady((_session, connection) => {
      connection.send({ type: "data", name: "fine", payload: 1 });
    });
    const first = await join({ protocol: 1 });
    const { resume } = JSON.parse(first.sent[0] as string) as { resume: string };
    first.gone(1006);
    connections[0]?.send({ type: "data", name: "no-json", payload: 1n });
    connections[0]?.send({ type: "data", name: "json", payload: 1 });
    const second = new FakeSocket();
    backend.acceptSocket(second);
    second.say({ event: "start", protocol: 1, resume });
    expect(second.sent.slice(1)).toEqual(['{"type":"data","name":"json","payload":1}']);
    expect(() => connections[0]?.send({ type: "data", name: "no-json", payload: 1n })).toThrow(TypeError);
    expect(second.closed).toBeUndefined();
  });

  it("in a listener end nothing either", async () => {
    const socket = await join({ protocol: 1 });
    const [connection] = connections as [VoiceConnection];
    const boom = (): never => {
      throw new Error("boom");
    };
    connection.onAudio(boom);
    connection.onInput(boom);
    connection.onPlayback(boom);
    connection.onPlayed(boom);
    socket.say(encodeAudioFrame({ utterance: 0, offset: 0, end: false, audio: new Uint8Array(640) }).buffer);
    socket.say({ event: "interrupt" });
    connection.play("u", tone(24_000, 40));
    connection.endUtterance("u");
    socket.say({ event: "playback", utterance: 1, playedSamples: 10, underruns: 0 });
    await clock.advance(1_000);
    expect(socket.closed).toBeUndefined();
    expect(connection.closed).toBe(false);
  });
});

describe("close()", () => {
  it("says goodbye, refuses newcomers and waits for those who talk, but not for ever", async () => {
    make({ drainTimeoutMs: 5_000 });
    const first = await join({ protocol: 1 });
    const second = await join({ protocol: 1, websocket_id: "b" });
    const compat = await join({ websocket_id: "c" });
    let closed = false;
    const closing = backend.close().then(() => {
      closed = true;
    });
    await clock.advance(100);
    expect(JSON.parse(first.sent.at(-1) as string)).toEqual({
      type: "bye",
      reason: "draining",
      resumable: true,
      code: 1001,
    });
    expect(compat.closed).toBeUndefined();
    const late = new FakeSocket();
    backend.acceptSocket(late);
    expect(late.closed).toEqual({ code: 1001, reason: "draining" });
    late.gone(1001);
    // Talking goes on.
    connections[1]?.play("u", tone(24_000, 100));
    expect(second.sent.at(-1)).toBeInstanceOf(Uint8Array);
    first.gone(1000);
    await clock.advance(4_000);
    expect(closed).toBe(false);
    expect(ended.map(([, code]) => code)).toEqual(["client_closed"]);
    await clock.advance(1_000);
    expect(second.closed).toEqual({ code: 1001, reason: "draining" });
    expect(compat.closed).toEqual({ code: 1001, reason: "draining" });
    expect(second.sent.filter((data) => typeof data === "string" && data.includes('"bye"'))).toHaveLength(1);
    second.gone(1001);
    await clock.advance(2_001);
    await closing;
    expect(closed).toBe(true);
    await backend.close();
  });

  it("ends early when the last has gone", async () => {
    make({ drainTimeoutMs: 60_000 });
    const socket = await join();
    const closing = backend.close();
    await clock.advance(10);
    socket.say({ event: "stop" });
    socket.gone(1000);
    await clock.advance(0);
    await closing;
    expect(clock.now()).toBeLessThan(1_000);
  });
});

describe("a session", () => {
  it("that nobody comes for expires", async () => {
    const session = await backend.connect("room", "user", "voice");
    await clock.advance(29_999);
    expect(session.state).toBe("connecting");
    await clock.advance(1);
    expect(session.state).toBe("ended");
    expect(ended.map(([, code]) => code)).toEqual(["connect_timeout"]);
  });

  it("shows its raw audio to the taps of the backend", async () => {
    const taps: string[] = [];
    const untap = backend.onAudioReceived((session, frame) => taps.push(`${session.roomId} ${frame.samples.length}`));
    const socket = await join();
    socket.say({ event: "media", media: { payload: "////" } });
    untap();
    socket.say({ event: "media", media: { payload: "////" } });
    expect(taps).toEqual(["room 3"]);
  });

  it("costs no timer but its liveness while it is silent, and leaves none", async () => {
    const before = clock.pendingTimers;
    const sockets = await Promise.all([join({ websocket_id: "a" })]);
    expect(clock.pendingTimers - before).toBe(1);
    connections[0]?.play("u", tone(24_000, 200));
    expect(clock.pendingTimers - before).toBe(2);
    connections[0]?.endUtterance("u");
    await clock.advance(1_000);
    expect(clock.pendingTimers - before).toBe(1);
    for (const socket of sockets) socket.gone(1006);
    expect(clock.pendingTimers - before).toBe(0);
  });
});

describe("options", () => {
  it.each([
    [{ inputSampleRate: 4_000 }, "inputSampleRate"],
    [{ outputSampleRate: 44_100.5 }, "outputSampleRate"],
    [{ startTimeoutMs: -1 }, "startTimeoutMs"],
    [{ resumeMs: Number.NaN }, "resumeMs"],
    [{ connectTimeoutMs: 0 }, "connectTimeoutMs"],
    // A timer that long ends at once.
    [{ idleTimeoutMs: 2 ** 31 }, "idleTimeoutMs"],
    [{ audioQueueMaxMs: "20" as never }, "audioQueueMaxMs"],
    [{ trafficLimits: { audioRate: Number.POSITIVE_INFINITY } }, "audioRate"],
    [{ messageLimits: { maxDepth: 0 } }, "maxDepth"],
    [{ codec: { ...mulaw(), name: "alaw" } }, "mu-law"],
  ])("%o are refused", (options, message) => {
    expect(() => new WebSocketBackend(options)).toThrow(message);
  });

  it("that are undefined count as not given", () => {
    const { settings } = new WebSocketBackend({
      maxSessionMs: undefined,
      trafficLimits: { audioRate: undefined },
      messageLimits: { maxDepth: undefined },
    });
    expect(settings).toMatchObject({
      maxSessionMs: 0,
      trafficLimits: { audioRate: 1.5 },
      messageLimits: { maxDepth: 16 },
    });
  });

  it("without mu-law only v1 is served, in pcm16", async () => {
    make();
    await backend.close();
    connections = [];
    backend = new WebSocketBackend({ clock, logger: silentLogger });
    backend.onSessionReady((_session, connection) => connections.push(connection));
    const compat = new FakeSocket();
    backend.acceptSocket(compat, { sessionFactory: () => backend.connect("r", "p", "c") });
    compat.say({ event: "start", websocket_id: "x" });
    await clock.advance(0);
    expect(JSON.parse(compat.sent[0] as string)).toEqual({ status: "failed", meta: { error: "codec_unavailable" } });
    expect(compat.closed).toEqual({ code: 1008, reason: "codec_unavailable" });
    const v1 = await join({ protocol: 1, audio: { send: { codec: "mulaw", sampleRate: 8_000 } } });
    expect(JSON.parse(v1.sent[0] as string).audio).toEqual({
      send: { codec: "pcm16", sampleRate: 8_000 },
      receive: { codec: "pcm16", sampleRate: 24_000 },
    });
  });
});
