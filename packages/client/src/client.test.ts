import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { VoiceClient } from "./client.ts";
import { VoiceClientError } from "./errors.ts";
import type { VoiceClientOptions } from "./options.ts";
import { makeBench } from "./session/fakes.fixture.ts";
import { ready } from "./transport/scripted-socket.fixture.ts";
import type { TransportStats } from "./transport/transport.ts";

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return "none";
  } catch (error) {
    return error instanceof VoiceClientError ? error.code : String(error);
  }
};

const thrown = (action: () => void): string => {
  try {
    action();
    return "none";
  } catch (error) {
    return error instanceof VoiceClientError ? error.code : String(error);
  }
};

describe("a call", () => {
  it("starts the audio first, opens the microphone, then connects with what was asked for", async () => {
    const bench = makeBench({ codec: "mulaw", sendSampleRate: 8_000, token: "secret", query: { room: "a" } });
    await bench.client.connect();
    expect(bench.audio().log).toEqual(["unmute", "start", "microphone default", "rates 16000 24000 fresh"]);
    const { url, query, token, audio, resume } = bench.transport().context;
    expect(url.href).toBe("https://example.com/voice");
    expect([[...query], token]).toEqual([[["room", "a"]], "secret"]);
    expect(audio).toEqual({
      send: { codec: "mulaw", sampleRate: 8_000 },
      receive: { codec: "mulaw", sampleRate: 24_000 },
    });
    expect(resume).toBeUndefined();
    expect(bench.states()).toEqual(["connecting", "listening"]);
    expect(bench.of("session")).toEqual([{ id: "session_1", resumed: false, transport: "fake" }]);
    expect(bench.client.hasMicrophone).toBe(true);
  });

  it("asks for a fresh token with every connection", async () => {
    let count = 0;
    const bench = makeBench({ token: async () => `token-${++count}` });
    await bench.client.connect();
    bench.transport().break();
    await bench.clock.advance(1_000);
    expect(bench.transports.map(({ context }) => context.token)).toEqual(["token-1", "token-2"]);
  });

  it("shows the token in the query where the server wants it there", async () => {
    const bench = makeBench({ token: "secret", tokenIn: "query", query: { room: "a" } });
    await bench.client.connect();
    const { query, token } = bench.transport().context;
    expect(token).toBeUndefined();
    expect([...query]).toEqual([
      ["room", "a"],
      ["token", "secret"],
    ]);
  });

  it("follows the server's states and hands on what it says", async () => {
    const bench = makeBench();
    await bench.client.connect();
    const say = bench.transport().context.handlers.onMessage;
    say({ type: "state", state: "thinking", since: 1 });
    say({ type: "state", state: "thinking", since: 2 });
    say({ type: "transcript", id: "t1", role: "user", text: "Hi", final: true, revision: 1 });
    say({ type: "state", state: "speaking", since: 3 });
    say({ type: "utterance", id: 1, phase: "start", text: "Hello" });
    say({ type: "interrupted", utterance: 1, heard: "Hel", unheard: "lo" });
    say({ type: "metrics", turn: { turnId: "1", endpointMs: 5, interrupted: false } });
    say({ type: "data", name: "cart", payload: { items: 2 } });
    say({ type: "error", code: "stt_failed", message: "no", retryable: true });
    say({ type: "level", direction: "inbound", db: -3 });
    expect(bench.states()).toEqual(["connecting", "listening", "thinking", "speaking"]);
    expect(bench.events.slice(-7).map(([name, payload]) => [name, payload])).toMatchObject([
      ["transcript", { id: "t1", role: "user", text: "Hi", final: true, revision: 1 }],
      ["state", { state: "speaking", previous: "thinking" }],
      ["utterance", { id: 1, phase: "start", text: "Hello" }],
      ["interrupted", { utterance: 1, heard: "Hel", unheard: "lo" }],
      ["metrics", { turnId: "1", endpointMs: 5 }],
      ["data", { name: "cart", payload: { items: 2 } }],
      ["error", { code: "stt_failed", retryable: true }],
    ]);
    expect(bench.of("transcript")[0]).not.toHaveProperty("type");
  });

  it("sends frames counted from ready, counts those that were dropped, and reports statistics", async () => {
    const bench = makeBench();
    await bench.client.connect();
    const { onFrame, onInputLevel, onOutputLevel } = bench.audio().handlers;
    const frame = new Int16Array(320);
    onFrame(8_000, frame);
    onFrame(8_320, frame);
    bench.transport().accepting = false;
    onFrame(8_640, frame);
    expect(bench.transport().audio.map(({ offset }) => offset)).toEqual([0, 320]);
    bench.transport().accepting = true;
    const playback = { bufferedMs: 120, jitterBufferMs: 80, underruns: 2, concealedSamples: 3, droppedSamples: 4 };
    onInputLevel(-20);
    onOutputLevel(-30, playback);
    expect(bench.of("level")).toEqual([{ input: -20, output: -30, muted: false }]);
    await bench.clock.advance(6_000);
    expect(bench.of("stats").length).toBe(6);
    expect(bench.of("stats").at(-1)).toEqual({
      transport: "fake",
      roundTripMs: 0,
      ...playback,
      sentFrames: 2,
      droppedFrames: 1,
    });
  });

  it("plays what comes and reports what was rendered", async () => {
    const bench = makeBench();
    await bench.client.connect();
    const audio = { utterance: 1, offset: 0, samples: new Int16Array(480), end: false };
    const { handlers } = bench.transport().context;
    handlers.onAudio(audio);
    handlers.onMessage({ type: "clear", utterance: 7 });
    expect(bench.audio().played).toEqual([audio]);
    expect(bench.audio().log.at(-1)).toBe("clear 7");
    const { onReport } = bench.audio().handlers;
    onReport({ utterance: 1, playedSamples: 100, done: false, cleared: false }, 0);
    onReport({ utterance: 1, playedSamples: 480, done: true, cleared: true }, 2);
    expect(bench.transport().sent).toEqual([
      { event: "playback", utterance: 1, playedSamples: 100, underruns: 0 },
      { event: "playback", utterance: 1, playedSamples: 480, underruns: 2, done: true },
    ]);
  });

  it("mutes here and tells the server, also before and across calls", async () => {
    const bench = makeBench();
    bench.client.mute();
    bench.client.mute();
    await bench.client.connect();
    expect(bench.transport().sent).toEqual([{ event: "mute", muted: true }]);
    expect(bench.audio().log[0]).toBe("mute");
    bench.client.unmute();
    expect(bench.transport().sent.at(-1)).toEqual({ event: "mute", muted: false });
    expect(bench.audio().log.at(-1)).toBe("unmute");
    expect(bench.of("muted")).toEqual([true, false]);
    expect(bench.client.muted).toBe(false);
  });

  it("sends text, keys, data, recordings, and stops the assistant here first", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.client.sendText("Hello");
    bench.client.sendDtmf("1#");
    bench.client.sendData("cart", { items: 1 });
    bench.client.interrupt();
    expect(bench.audio().log.at(-1)).toBe("clear all");
    expect(bench.transport().sent).toEqual([
      { event: "text", text: "Hello" },
      { event: "dtmf", digit: "1" },
      { event: "dtmf", digit: "#" },
      { event: "data", name: "cart", payload: { items: 1 } },
      { event: "interrupt" },
    ]);
    await bench.client.sendSample(new Int16Array(99));
    await bench.client.sendSample(new Int16Array(99), { sampleRate: 8_000 });
    expect(bench.audio().log.slice(-2)).toEqual(["recording 99 16000", "recording 99 8000"]);
  });

  it("refuses what cannot be sent", async () => {
    const bench = makeBench();
    expect(thrown(() => bench.client.sendText("Hello"))).toBe("not_connected");
    expect(await codeOf(bench.client.sendSample(new Int16Array(1)))).toBe("not_connected");
    await bench.client.connect();
    expect(thrown(() => bench.client.sendText(" "))).toBe("invalid_option");
    expect(thrown(() => bench.client.sendText("x".repeat(8_193)))).toBe("invalid_option");
    expect(thrown(() => bench.client.sendDtmf("1x"))).toBe("invalid_option");
    expect(thrown(() => bench.client.sendData("", 1))).toBe("invalid_option");
    expect(await codeOf(bench.client.connect())).toBe("invalid_state");
  });

  it("ends with stop, releases everything, and can be made again", async () => {
    const bench = makeBench();
    await bench.client.connect();
    await bench.client.disconnect();
    expect(bench.transport().sent).toEqual([{ event: "stop" }]);
    expect(bench.transport().closed).toBe(true);
    expect(bench.audio().log.at(-1)).toBe("close");
    expect(bench.clock.pendingTimers).toBe(0);
    expect([bench.page.changes.size, bench.page.leaves.size]).toEqual([0, 0]);
    expect(bench.of("state").at(-1)).toEqual({ state: "ended", previous: "listening", reason: "client_closed" });
    await bench.client.disconnect();
    await bench.client.connect();
    expect(bench.of("session").at(-1)).toEqual({ id: "session_2", resumed: false, transport: "fake" });
    expect(bench.audios.length).toBe(2);
  });

  it("hangs up when the person leaves the page", async () => {
    const bench = makeBench();
    await bench.client.connect();
    for (const leave of bench.page.leaves) leave();
    expect(bench.transport().sent).toEqual([{ event: "stop" }]);
    expect(bench.transport().closed).toBe(true);
  });

  it("does not let a handler that throws do harm", async () => {
    const failures: unknown[] = [];
    const bench = makeBench({ onHandlerError: (error, event) => failures.push([event, error]) });
    bench.client.on("session", () => {
      throw new Error("mine");
    });
    bench.client.on("session", () => Promise.reject(new Error("also mine")));
    let heard = 0;
    const stop = bench.client.on("session", () => heard++);
    await bench.client.connect();
    await settle();
    expect(failures).toEqual([
      ["session", new Error("mine")],
      ["session", new Error("also mine")],
    ]);
    expect(heard).toBe(1);
    stop();
    stop();
    bench.transport().break();
    await bench.clock.advance(1_000);
    expect(heard).toBe(1);
  });

  it("changes devices now, and remembers them for the next call", async () => {
    const bench = makeBench({ microphone: { noiseSuppression: false } });
    await bench.client.setInputDevice("usb");
    await bench.client.setOutputDevice("headset");
    await bench.client.connect();
    expect(bench.audio().log).toContain("microphone usb");
    expect(bench.audio().log).toContain("output headset");
    await bench.client.setInputDevice("built-in");
    expect(bench.audio().log.at(-1)).toBe("microphone built-in");
    bench.audio().microphoneError = new VoiceClientError("microphone_not_found", "gone");
    expect(await codeOf(bench.client.setInputDevice("nothing"))).toBe("microphone_not_found");
    await bench.client.disconnect();
    await bench.client.connect();
    expect(bench.audio().log).toContain("microphone built-in");
  });

  it("calls with the system's devices when the chosen ones are not there any more", async () => {
    const bench = makeBench({ microphone: { deviceId: "usb" }, outputDevice: "headset" }, (audio) => {
      audio.gone.push("usb");
      audio.outputError = new VoiceClientError("speaker_not_found", "gone");
    });
    await bench.client.connect();
    expect(bench.audio().log).toEqual(
      expect.arrayContaining(["microphone usb", "microphone default", "output headset"]),
    );
    expect([bench.client.state, bench.client.hasMicrophone]).toEqual(["listening", true]);
    expect(bench.of("error")).toMatchObject([{ code: "speaker_not_found" }]);
  });

  it("offers a way out when the browser keeps the page silent", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.audio().handlers.onBlocked(true);
    const [event] = bench.of("autoplay-blocked");
    expect(event?.blocked).toBe(true);
    await event?.resume();
    expect(bench.audio().log.at(-1)).toBe("resume");
  });

  it("goes on without a microphone that was lost", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.audio().handlers.onMicrophoneLost(new VoiceClientError("microphone_lost", "unplugged"));
    expect(bench.of("error")).toMatchObject([{ code: "microphone_lost" }]);
    expect(bench.client.state).toBe("listening");
  });

  it("carries audio as streams for a transport that wants them", async () => {
    const bench = makeBench();
    bench.attempts.push(async (transport) => {
      transport.media = "stream";
      return ready;
    });
    await bench.client.connect();
    await settle();
    expect(bench.audio().log.at(-1)).toBe("rates undefined undefined fresh");
    expect(bench.transport().streams).toEqual([bench.audio().outgoing]);
    bench.transport().context.handlers.onStream({} as MediaStream);
    expect(bench.audio().log.at(-1)).toBe("play stream");
  });
});

describe("a transport that says more of itself", () => {
  it("plays frames of one that sends a stream, and tells why it is not the preferred one", async () => {
    const bench = makeBench();
    bench.attempts.push(async (transport) => {
      transport.media = "stream";
      Object.assign(transport, { receivesFrames: true, fallback: "connection_timeout" });
      return ready;
    });
    await bench.client.connect();
    expect(bench.audio().log.at(-1)).toBe("rates undefined 24000 fresh");
    expect(bench.of("session")).toMatchObject([{ transport: "fake", fallback: "connection_timeout" }]);
    await bench.clock.advance(1_000);
    expect(bench.of("stats")).toMatchObject([{ transport: "fake", fallback: "connection_timeout" }]);
  });

  it("adds what the browser measures, and none of it once the transport is gone", async () => {
    const bench = makeBench();
    const pending: ((stats: TransportStats) => void)[] = [];
    bench.attempts.push(async (transport) => {
      Object.assign(transport, { stats: () => new Promise((resolve) => pending.push(resolve)) });
      return ready;
    });
    await bench.client.connect();
    await bench.clock.advance(1_000);
    pending[0]?.({ roundTripMs: 7, lostPackets: 2, sentFrames: 50 });
    await settle();
    expect(bench.of("stats")).toMatchObject([{ roundTripMs: 7, lostPackets: 2, sentFrames: 50, droppedFrames: 0 }]);
    await bench.clock.advance(1_000);
    bench.transport().break();
    pending[1]?.({});
    await settle();
    expect(bench.of("stats").length).toBe(1);
  });
});

describe("a call that cannot start", () => {
  it.each(["microphone_denied", "microphone_not_found"])("rejects on %s and releases everything", async (code) => {
    const bench = makeBench({}, (audio) => {
      audio.microphoneError = new VoiceClientError(code, "no");
    });
    expect(await codeOf(bench.client.connect())).toBe(code);
    expect(bench.of("state").at(-1)).toMatchObject({ state: "ended", reason: code });
    expect(bench.transports).toEqual([]);
    expect(bench.audio().log.at(-1)).toBe("close");
    expect([bench.page.changes.size, bench.page.leaves.size, bench.clock.pendingTimers]).toEqual([0, 0, 0]);
  });

  it("goes on without a microphone that is optional, and never asks for one that is not wanted", async () => {
    const bench = makeBench({ microphone: { optional: true } }, (audio) => {
      audio.microphoneError = new VoiceClientError("microphone_denied", "no");
    });
    await bench.client.connect();
    expect(bench.of("error")).toMatchObject([{ code: "microphone_denied" }]);
    expect([bench.client.state, bench.client.hasMicrophone]).toEqual(["listening", false]);
    const none = makeBench({ microphone: false });
    await none.client.connect();
    expect(none.audio().log.join()).not.toMatch(/microphone/);
  });

  it("rejects with what the transport says, without trying again", async () => {
    const bench = makeBench();
    bench.attempts.push(() => Promise.reject(new VoiceClientError("limit_reached", "busy", { retryable: true })));
    expect(await codeOf(bench.client.connect())).toBe("limit_reached");
    await bench.clock.advance(120_000);
    expect(bench.transports.length).toBe(1);
    expect(bench.transport().closed).toBe(true);
    expect(bench.of("error")).toEqual([]);
  });

  it("gives up on a server that never answers", async () => {
    const bench = makeBench({ connectTimeoutMs: 3_000 });
    bench.attempts.push(
      (_transport, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const result = codeOf(bench.client.connect());
    await bench.clock.advance(3_000);
    expect(await result).toBe("connection_timeout");
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it("gives up on a token that never comes", async () => {
    const bench = makeBench({ token: () => new Promise(() => {}) });
    const result = codeOf(bench.client.connect());
    await bench.clock.advance(10_000);
    expect(await result).toBe("connection_timeout");
    expect(bench.transports).toEqual([]);
  });

  it.each(["signal", "disconnect"])("stops while the browser still asks for the microphone: %s", async (how) => {
    const bench = makeBench({}, (audio) => {
      audio.microphoneGate = new Promise(() => {});
    });
    const abort = new AbortController();
    const result = codeOf(bench.client.connect({ signal: abort.signal }));
    await settle();
    if (how === "signal") abort.abort();
    else await bench.client.disconnect();
    expect(await result).toBe("aborted");
    expect(bench.client.state).toBe("ended");
    expect(bench.audio().log.at(-1)).toBe("close");
  });

  it("stops while it connects", async () => {
    const bench = makeBench();
    bench.attempts.push(
      (_transport, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const result = codeOf(bench.client.connect());
    await settle();
    await bench.client.disconnect();
    expect(await result).toBe("aborted");
    expect(bench.states()).toEqual(["connecting", "ended"]);
    expect(bench.transport().closed).toBe(true);
  });
});

describe("options", () => {
  it.each([
    [{ url: "ftp://example.com" }],
    [{ url: "http://" }],
    [{ codec: "opus" }],
    [{ sendSampleRate: 44_100 }],
    [{ receiveSampleRate: 0 }],
    [{ transport: "pigeon" }],
    [{ tokenIn: "cookie" }],
    [{ connectTimeoutMs: 0 }],
    [{ pingEveryMs: Number.NaN }],
    [{ deadAfterMs: -1 }],
  ])("refuses %j", (wrong) => {
    const options = { url: "/voice", environment: { baseUrl: "https://example.com" }, ...wrong } as VoiceClientOptions;
    expect(thrown(() => new VoiceClient(options))).toBe("invalid_option");
  });

  it.each([
    ["/voice", "https://example.com/voice"],
    ["voice/", "https://example.com/demo/voice"],
    ["wss://other.example/v?x=1#y", "https://other.example/v?x=1"],
    ["ws://other.example:8000", "http://other.example:8000/"],
  ])("understands the address %s", async (url, expected) => {
    const bench = makeBench({ url });
    await bench.client.connect();
    expect(bench.transport().context.url.href).toBe(expected);
  });
});
