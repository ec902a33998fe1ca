import { settle, VirtualClock } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VoiceClientError } from "../errors.ts";
import { autoTransport } from "./auto.ts";
import { installSockets, ready, ScriptedSocket, type SocketScript } from "./scripted-socket.fixture.ts";
import type { Transport, TransportContext } from "./transport.ts";
import { FakePeer } from "./webrtc/fake-peer.fixture.ts";
import { WebRTCTransport } from "./webrtc/webrtc.ts";

const never = new AbortController().signal;
const both = { websocket: "/voice/websocket/offer", webrtc: "/voice/webrtc/offer" };

let clock: VirtualClock;
let endpoints: Record<string, string>;
let status: number;
let uninstall: () => void;

beforeEach(() => {
  clock = new VirtualClock();
  endpoints = both;
  status = 200;
  FakePeer.peers = [];
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  vi.stubGlobal("MediaStream", class {});
  vi.stubGlobal("fetch", async (_url: URL, { method = "GET" }: RequestInit) =>
    method === "GET"
      ? Response.json({ endpoints, iceServers: [] }, { status })
      : Response.json({ type: "answer", sdp: "v=0 answer" }),
  );
  install();
});
afterEach(() => {
  uninstall();
  vi.unstubAllGlobals();
});

function install(script: SocketScript = {}): void {
  uninstall?.();
  uninstall = installSockets(script);
}

/** Makes transports of one client, one after the other. */
function maker(load?: () => Promise<Transport>): (resume?: string) => Transport {
  const factory = autoTransport(load ?? (async (context, options) => new WebRTCTransport(context, options)), 3_000);
  return (resume) =>
    factory({
      url: new URL("https://example.com/voice"),
      query: new Map(),
      token: undefined,
      audio: ready.audio,
      resume,
      client: {},
      clock,
      handlers: { onMessage: () => {}, onAudio: () => {}, onStream: () => {}, onClose: () => {} },
    } satisfies TransportContext) as Transport;
}

/** Until everything that needs no time has happened. */
async function idle(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await settle();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

const starts = (): number => ScriptedSocket.sockets.filter(({ received }) => received.length > 0).length;

describe("auto", () => {
  it("takes WebRTC when it connects in time; the socket that stood by never asked for a session", async () => {
    const transport = maker()();
    const connecting = transport.connect(never);
    await idle();
    expect(ScriptedSocket.sockets.map(({ readyState }) => readyState)).toEqual([1]);
    await clock.advance(2_900);
    FakePeer.last.greet({ session: "over_webrtc" });
    await expect(connecting).resolves.toMatchObject({ session: "over_webrtc" });
    expect(transport).toMatchObject({ name: "webrtc", media: "stream", fallback: undefined });
    await idle();
    expect(ScriptedSocket.last.closedByClient).toBe(true);
    expect(starts()).toBe(0);
    transport.send({ event: "interrupt" });
    expect(FakePeer.last.channel.received).toEqual([{ event: "interrupt" }]);
    transport.close();
    expect(FakePeer.last.channel.closing).toBe(true);
  });

  it("falls back to WebSocket after 3 s without a network path", async () => {
    const transport = maker()();
    const connecting = transport.connect(never);
    await idle();
    await clock.advance(2_999);
    expect(starts()).toBe(0);
    await clock.advance(1);
    await expect(connecting).resolves.toMatchObject({ session: "session_1" });
    expect(transport).toMatchObject({ name: "websocket", media: "frames", fallback: "connection_timeout" });
    expect(FakePeer.last.closed).toBe(true);
    expect(transport.sendAudio(0, new Int16Array(320))).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it("falls back at once when WebRTC fails, or is not to be had", async () => {
    const failing = maker()();
    const connecting = failing.connect(never);
    await idle();
    FakePeer.last.become("failed");
    await connecting;
    expect(failing.fallback).toBe("connection_failed");

    const missing = maker(() => Promise.reject(new TypeError("the file is not there")))();
    await missing.connect(never);
    expect(missing).toMatchObject({ name: "websocket", fallback: "connection_failed" });

    vi.stubGlobal("RTCPeerConnection", undefined);
    const old = maker()();
    await old.connect(never);
    expect(old).toMatchObject({ name: "websocket", fallback: "unsupported" });
  });

  it("tries only what the mount has", async () => {
    endpoints = { websocket: "/x" };
    const sockets = maker()();
    await sockets.connect(never);
    expect(sockets).toMatchObject({ name: "websocket", fallback: undefined });
    expect(FakePeer.peers).toEqual([]);

    install();
    endpoints = { webrtc: "/x" };
    const webrtc = maker()();
    const connecting = webrtc.connect(never);
    await idle();
    // There is nothing to fall back to: it may take as long as the call allows.
    await clock.advance(5_000);
    FakePeer.last.greet();
    await connecting;
    expect(webrtc.name).toBe("webrtc");
    expect(ScriptedSocket.sockets).toEqual([]);
  });

  it("knocks no second time where it was refused", async () => {
    status = 401;
    await expect(maker()().connect(never)).rejects.toMatchObject({ code: "unauthorized" });
    expect([FakePeer.peers.length, ScriptedSocket.sockets.length]).toEqual([0, 0]);
  });

  it("fails with the socket's reason when both fail", async () => {
    install({ onMessage: (socket) => socket.closeFromServer(4429, "") });
    const connecting = maker()().connect(never);
    connecting.catch(() => {});
    await idle();
    FakePeer.last.become("failed");
    await expect(connecting).rejects.toMatchObject({ code: "limit_reached", retryable: true });
  });

  it("lets go of both when aborted", async () => {
    const abort = new AbortController();
    const connecting = maker()().connect(abort.signal);
    connecting.catch(() => {});
    await idle();
    abort.abort(new VoiceClientError("aborted", "enough"));
    await expect(connecting).rejects.toMatchObject({ code: "aborted" });
    await idle();
    expect([FakePeer.last.closed, ScriptedSocket.last.closedByClient, starts()]).toEqual([true, true, 0]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("comes back to a session over the transport that knows it", async () => {
    const make = maker();
    const first = make().connect(never);
    await idle();
    FakePeer.last.become("failed");
    await first;
    await expect(make("token_1").connect(never)).resolves.toMatchObject({ resumed: true });
    expect(FakePeer.peers.length).toBe(1);

    // A session of WebRTC is asked for there; a socket that takes over begins a new one.
    const other = maker();
    const second = other().connect(never);
    await idle();
    FakePeer.last.greet({ resume: "rtc_token" });
    await second;
    const third = other("rtc_token").connect(never);
    await idle();
    FakePeer.last.become("failed");
    await expect(third).resolves.toMatchObject({ resumed: false });
    expect(ScriptedSocket.last.received[0]).not.toHaveProperty("resume");

    // A session that is over is no failure of the transport.
    const fourth = make("expired").connect(never);
    fourth.catch(() => {});
    await idle();
    FakePeer.last.channel.say({ type: "bye", reason: "resume_expired", resumable: false });
    await expect(fourth).rejects.toMatchObject({ code: "resume_expired" });
  });
});

describe("auto, while the code of WebRTC is loaded", () => {
  const loading = (): { load: () => Promise<Transport>; done: (transport: Transport) => void } => {
    let done = (_transport: Transport): void => {};
    const loaded = new Promise<Transport>((resolve) => {
      done = resolve;
    });
    return { load: () => loaded, done: (transport) => done(transport) };
  };

  it.each([both, { webrtc: "/x" }])("does not wait for it past the end of the attempt: %j", async (offered) => {
    endpoints = offered;
    const { load, done } = loading();
    const abort = new AbortController();
    const connecting = maker(load)().connect(abort.signal);
    const outcome = Promise.race([connecting.catch((error: VoiceClientError) => error.code), idle().then(idle)]);
    await idle();
    abort.abort(new VoiceClientError("aborted", "enough"));
    expect(await outcome).toBe("aborted");
    // It comes after all, and is not used.
    let used = false;
    done({ connect: () => (used = true) } as unknown as Transport);
    await idle();
    expect([used, starts(), FakePeer.peers.length]).toEqual([false, 0, 0]);
    expect(ScriptedSocket.sockets.filter(({ readyState }) => readyState < 2)).toEqual([]);
  });

  it("falls back when that takes longer than a network path may", async () => {
    const { load, done } = loading();
    const transport = maker(load)();
    const connecting = transport.connect(never);
    await idle();
    await clock.advance(2_999);
    expect(starts()).toBe(0);
    await clock.advance(1);
    await expect(Promise.race([connecting, idle().then(idle)])).resolves.toMatchObject({ session: "session_1" });
    expect(transport).toMatchObject({ name: "websocket", fallback: "connection_timeout" });
    let used = false;
    done({ connect: () => (used = true) } as unknown as Transport);
    await idle();
    expect([used, clock.pendingTimers]).toEqual([false, 0]);
  });
});

it.each<[string, unknown[]]>([
  ["aborted", [{ event: "stop" }]],
  ["connection_timeout", []],
])("auto tells the server over WebRTC that a session being made is not wanted, when it is %s", async (code, said) => {
  const abort = new AbortController();
  const connecting = maker()().connect(abort.signal);
  connecting.catch(() => {});
  await idle();
  FakePeer.last.become("connected");
  FakePeer.last.channel.readyState = "open";
  abort.abort(new VoiceClientError(code, "enough"));
  await expect(connecting).rejects.toMatchObject({ code });
  expect(FakePeer.last.channel.received).toEqual(said);
  expect(FakePeer.last.channel.closing).toBe(true);
});
