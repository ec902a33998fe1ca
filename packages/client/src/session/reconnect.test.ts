import { describe, expect, it } from "vitest";
import { VoiceClientError } from "../errors.ts";
import { ready } from "../transport/scripted-socket.fixture.ts";
import { type Attempt, makeBench } from "./fakes.fixture.ts";

const fail =
  (code: string, retryable = true): Attempt =>
  () =>
    Promise.reject(new VoiceClientError(code, "no", { retryable }));

describe("a call whose connection is lost", () => {
  it("comes back into the same session and goes on", async () => {
    const bench = makeBench();
    await bench.client.connect();
    const first = bench.transport();
    first.context.handlers.onMessage({ type: "state", state: "speaking", since: 0 });
    first.break();
    expect(bench.client.state).toBe("reconnecting");
    await bench.clock.advance(300);
    expect(bench.transport().context.resume).toBe("token_1");
    expect(bench.states()).toEqual(["connecting", "listening", "speaking", "reconnecting", "listening"]);
    expect(bench.of("session").at(-1)).toEqual({ id: "session_1", resumed: true, transport: "fake" });
    expect(bench.audio().log.at(-1)).toBe("rates 16000 24000");
    expect(bench.audios.length).toBe(1);
    expect(bench.of("error")).toEqual([]);
  });

  it("uses the newest token, since each works once", async () => {
    const bench = makeBench();
    await bench.client.connect();
    for (let i = 0; i < 3; i++) {
      bench.transport().break();
      await bench.clock.advance(1_200);
    }
    expect(bench.transports.map(({ context }) => context.resume)).toEqual([undefined, "token_1", "token_2", "token_3"]);
  });

  it("backs off between attempts and starts anew with the next loss", async () => {
    const bench = makeBench();
    await bench.client.connect();
    const times: number[] = [];
    const failing: Attempt = () => {
      times.push(bench.clock.now());
      return Promise.reject(new VoiceClientError("connection_failed", "no", { retryable: true }));
    };
    bench.attempts.push(failing, failing, failing, failing, failing, failing);
    bench.transport().break();
    await bench.clock.advance(30_000);
    expect(times).toEqual([300, 900, 2_100, 4_500, 9_300, 14_300]);
    expect(bench.client.state).toBe("listening");
  });

  it("backs off from a server that takes it and drops it at once, until it has stood for a while", async () => {
    const bench = makeBench();
    await bench.client.connect();
    await bench.clock.advance(10_000);
    const times: number[] = [];
    const drop: Attempt = async (transport) => {
      times.push(bench.clock.now());
      queueMicrotask(() => transport.break());
      return ready;
    };
    bench.attempts.push(drop, drop, drop, drop, drop, drop, drop);
    bench.transport().break();
    await bench.clock.advance(60_000);
    expect(times.map((time) => time - 10_000)).toEqual([300, 900, 2_100, 4_500, 9_300, 14_300, 19_300]);
    expect(bench.client.state).toBe("listening");
    bench.transport().break();
    await bench.clock.advance(300);
    expect(bench.client.state).toBe("listening");
  });

  it("keeps what was rendered meanwhile for the server, the newest of each utterance", async () => {
    const bench = makeBench();
    await bench.client.connect();
    const { onReport } = bench.audio().handlers;
    bench.transport().break();
    onReport({ utterance: 1, playedSamples: 100, done: false, cleared: false }, 0);
    onReport({ utterance: 1, playedSamples: 200, done: true, cleared: false }, 1);
    for (let utterance = 2; utterance < 200; utterance++) {
      onReport({ utterance, playedSamples: 5, done: true, cleared: false }, 1);
    }
    await bench.clock.advance(300);
    const sent = bench.transport().sent.filter(({ event }) => event === "playback");
    expect(sent.length).toBe(64);
    expect(sent.at(-1)).toMatchObject({ event: "playback", utterance: 199, done: true });
  });

  it("says that it is muted when it is back, and counts audio from there", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.client.mute();
    bench.transport().break();
    bench.audio().handlers.onFrame(500, new Int16Array(320));
    await bench.clock.advance(300);
    expect(bench.transport().sent).toEqual([{ event: "mute", muted: true }]);
    bench.audio().handlers.onFrame(64_000, new Int16Array(320));
    expect(bench.transport().audio.map(({ offset }) => offset)).toEqual([0]);
  });

  it("cannot be talked to meanwhile", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.transport().break();
    expect(() => bench.client.sendText("hi")).toThrow(
      expect.objectContaining({ code: "not_connected", retryable: true }),
    );
  });

  it("goes on with a new session when the old one is gone", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.attempts.push(fail("session_expired", false));
    bench.transport().break();
    bench.audio().handlers.onReport({ utterance: 1, playedSamples: 100, done: true, cleared: false }, 0);
    await bench.clock.advance(2_000);
    expect(bench.transports.map(({ context }) => context.resume)).toEqual([undefined, "token_1", undefined]);
    expect(bench.of("session").at(-1)).toEqual({ id: "session_2", resumed: false, transport: "fake" });
    expect(bench.audio().log.at(-1)).toBe("rates 16000 24000 fresh");
    expect(bench.transport().sent.filter(({ event }) => event !== "ping")).toEqual([]);
  });

  it.each<[string, Attempt]>([
    ["refuses", fail("unknown_session", false)],
    ["offers another", async () => ready],
  ])("ends instead when a new session is not wanted and the server %s", async (_how, attempt) => {
    const bench = makeBench({ reconnect: { newSession: false } });
    await bench.client.connect();
    bench.attempts.push(attempt);
    bench.transport().break();
    await bench.clock.advance(2_000);
    expect(bench.of("state").at(-1)).toMatchObject({ state: "ended", reason: "session_expired" });
    expect(bench.of("error")).toMatchObject([{ code: "session_expired" }]);
    expect(bench.transport().closed).toBe(true);
  });

  it("gives up after its time, once, and releases everything", async () => {
    const bench = makeBench({ reconnect: { giveUpAfterMs: 5_000 } });
    await bench.client.connect();
    bench.attempts.push(...Array.from({ length: 50 }, () => fail("connection_failed")));
    bench.transport().break();
    await bench.clock.advance(60_000);
    expect(bench.of("error")).toMatchObject([{ code: "connection_lost", retryable: true }]);
    expect(bench.of("state").at(-1)).toMatchObject({ state: "ended", reason: "connection_lost" });
    expect(bench.audio().log.at(-1)).toBe("close");
    expect(bench.clock.pendingTimers).toBe(0);
    expect([bench.page.changes.size, bench.page.leaves.size]).toEqual([0, 0]);
  });

  it("does not come back when that is not wanted, or pointless", async () => {
    const off = makeBench({ reconnect: false });
    await off.client.connect();
    off.transport().break();
    expect(off.client.state).toBe("ended");

    const refused = makeBench();
    await refused.client.connect();
    refused.attempts.push(fail("unauthorized", false));
    refused.transport().break();
    await refused.clock.advance(60_000);
    expect([refused.client.state, refused.transports.length]).toEqual(["ended", 2]);

    const elsewhere = makeBench();
    await elsewhere.client.connect();
    elsewhere.transport().break("resumed_elsewhere", false);
    expect(elsewhere.of("error")).toMatchObject([{ code: "resumed_elsewhere" }]);
    expect(elsewhere.client.state).toBe("ended");
  });

  it("stops trying when the person hangs up", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.transport().break();
    await bench.client.disconnect();
    await bench.clock.advance(60_000);
    expect(bench.transports.length).toBe(1);
    expect(bench.clock.pendingTimers).toBe(0);
    expect(bench.states().at(-1)).toBe("ended");
  });

  it("waits for a network before it tries, and not a moment longer", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.page.change(false);
    bench.transport().break();
    await bench.clock.advance(20_000);
    expect(bench.transports.length).toBe(1);
    bench.page.change(true);
    await bench.clock.advance(0);
    expect(bench.client.state).toBe("listening");
  });

  it("notices a connection that died in silence", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.transport().accepting = false;
    await bench.clock.advance(5_749);
    expect(bench.client.state).toBe("listening");
    await bench.clock.advance(1);
    expect(bench.client.state).toBe("reconnecting");
    expect(bench.transports[0]?.closed).toBe(true);
  });

  it("looks at once when the network changed", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.transport().accepting = false;
    bench.page.change(true);
    await bench.clock.advance(3_000);
    expect(bench.client.state).toBe("reconnecting");
  });

  it("pings often enough for the server's idle limit", async () => {
    const bench = makeBench();
    bench.attempts.push(async () => ({ ...ready, limits: { ...ready.limits, idleMs: 1_500 } }));
    await bench.client.connect();
    await bench.clock.advance(10_000);
    expect(bench.transport().sent.filter(({ event }) => event === "ping").length).toBe(20);
  });

  it("ignores what an old connection still says", async () => {
    const bench = makeBench();
    await bench.client.connect();
    const old = bench.transport();
    old.break();
    await bench.clock.advance(300);
    old.context.handlers.onMessage({ type: "state", state: "speaking", since: 0 });
    old.context.handlers.onAudio({ utterance: 1, offset: 0, samples: new Int16Array(1), end: false });
    old.break();
    expect(bench.client.state).toBe("listening");
    expect(bench.audio().played).toEqual([]);
  });
});

describe("a call the server ends", () => {
  it("ends in peace when that was planned", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.transport().context.handlers.onMessage({ type: "bye", reason: "server_closed", resumable: false });
    bench.transport().break("server_closed", false);
    expect(bench.of("state").at(-1)).toMatchObject({ state: "ended", reason: "server_closed" });
    expect(bench.of("error")).toEqual([]);
    expect(bench.audio().log.at(-1)).toBe("close");
  });

  it.each([
    ["the application's own reason", "goodbye", 1_000, []],
    ["the call that was attended is over", "call_ended", 1_000, []],
    ["the server could not go on", "session_failed", 1_011, ["session_failed"]],
    ["a rule was broken", "idle_timeout", 1_008, ["idle_timeout"]],
    ["an older server, which does not say", "call_ended", undefined, ["call_ended"]],
  ])("goes by what the server says of it: %s", async (_, reason, code, errors) => {
    const bench = makeBench();
    await bench.client.connect();
    bench.transport().context.handlers.onMessage({ type: "bye", reason, resumable: false, code });
    bench.transport().break("connection_lost", true);
    expect(bench.of("state").at(-1)).toMatchObject({ state: "ended", reason });
    expect(bench.of("error").map((error) => error.code)).toEqual(errors);
  });

  it("says why when it was not", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.transport().context.handlers.onMessage({ type: "bye", reason: "idle_timeout", resumable: false });
    bench.transport().break("connection_lost", true);
    expect(bench.of("error")).toMatchObject([
      { code: "idle_timeout", hint: expect.stringMatching(/nothing was heard/) },
    ]);
    expect(bench.client.state).toBe("ended");
  });

  it("says that the server is being replaced to who does not reconnect", async () => {
    const bench = makeBench({ reconnect: false });
    await bench.client.connect();
    bench.transport().context.handlers.onMessage({ type: "bye", reason: "draining", resumable: true });
    bench.transport().break("connection_lost", true);
    expect(bench.of("error")).toMatchObject([
      { code: "draining", retryable: true, hint: expect.stringMatching(/updated/) },
    ]);
  });

  it("is taken up elsewhere when the server is being replaced", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.transport().context.handlers.onMessage({ type: "bye", reason: "draining", resumable: true });
    bench.transport().break("connection_lost", true);
    await bench.clock.advance(300);
    expect(bench.client.state).toBe("listening");
  });
});
