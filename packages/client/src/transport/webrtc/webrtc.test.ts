import { VirtualClock } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VoiceClientError } from "../../errors.ts";
import type { TransportContext } from "../transport.ts";
import { FakePeer } from "./fake-peer.fixture.ts";
import { WebRTCTransport } from "./webrtc.ts";

const never = new AbortController().signal;
const config = {
  endpoints: { websocket: "/voice/websocket/offer", webrtc: "/voice/webrtc/offer" },
  iceServers: [{ urls: "turn:turn.example.com", username: "u", credential: "c" }],
};

class FakeStream {
  readonly tracks: unknown[];
  constructor(tracks: unknown[]) {
    this.tracks = tracks;
  }
  getAudioTracks(): unknown[] {
    return this.tracks;
  }
}

interface Request {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown>;
}
let requests: Request[];
let responses: Response[];
/** What the server answers to an offer. */
let answer: () => Promise<Response>;
let configAnswer: () => Promise<Response>;
let clock: VirtualClock;

beforeEach(() => {
  requests = [];
  responses = [];
  FakePeer.peers = [];
  clock = new VirtualClock();
  answer = async () => Response.json({ type: "answer", sdp: "v=0 answer" });
  configAnswer = async () => Response.json(config);
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("fetch", (url: URL, { method = "GET", headers, body, signal }: RequestInit) => {
    const parsed = JSON.parse((body as string | undefined) ?? "{}") as Record<string, unknown>;
    requests.push({ url: String(url), method, headers: headers as Record<string, string>, body: parsed });
    const answered =
      method === "GET"
        ? configAnswer()
        : parsed.type === "offer"
          ? answer()
          : Promise.resolve(Response.json({ status: "success" }));
    return Promise.race([
      answered.then((response) => {
        responses.push(response);
        return response;
      }),
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")))),
    ]);
  });
});
afterEach(() => vi.unstubAllGlobals());

function make(
  context: Partial<TransportContext> = {},
  options = {},
): { transport: WebRTCTransport; seen: unknown[][] } {
  const seen: unknown[][] = [];
  const transport = new WebRTCTransport(
    {
      url: new URL("https://example.com/app/voice"),
      query: new Map([["room", "r"]]),
      token: "secret",
      audio: { send: { codec: "pcm16", sampleRate: 16_000 }, receive: { codec: "pcm16", sampleRate: 24_000 } },
      resume: undefined,
      client: { name: "test" },
      clock,
      handlers: {
        onMessage: (message) => seen.push(["message", message]),
        onAudio: (audio) => seen.push(["audio", audio]),
        onStream: (stream) => seen.push(["stream", (stream as unknown as FakeStream).tracks]),
        onClose: (close) => seen.push(["close", close.code, close.retryable]),
      },
      ...context,
    },
    options,
  );
  return { transport, seen };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
};

async function connected(
  context: Partial<TransportContext> = {},
): Promise<ReturnType<typeof make> & { peer: FakePeer }> {
  const made = make(context);
  const connecting = made.transport.connect(never);
  await settle();
  FakePeer.last.greet();
  await connecting;
  await clock.advance(0);
  return { ...made, peer: FakePeer.last };
}

const refusal = (promise: Promise<unknown>): Promise<VoiceClientError> =>
  promise.then(
    () => {
      throw new Error("it connected");
    },
    (error: unknown) => error as VoiceClientError,
  );

describe("connecting", () => {
  it("asks for ICE servers, opens the channel before the offer, and trickles", async () => {
    const { transport, seen } = make({ resume: "token_0" });
    const connecting = transport.connect(never);
    await settle();
    const peer = FakePeer.last;
    expect(peer.configuration.iceServers).toEqual(config.iceServers);
    expect(peer.channelLabel).toBe("text");
    peer.find("candidate:1 1 udp 1 192.0.2.1 9 typ host");
    peer.find("");
    await settle();
    expect(peer.remoteSdp).toBe("v=0 answer");
    peer.greet({ session: "s" });
    await expect(connecting).resolves.toMatchObject({ session: "s" });
    expect(seen).toEqual([]);
    await clock.advance(0);
    expect(seen).toEqual([["stream", ["remote track"]]]);

    const [asked, offer, candidate, ...more] = requests;
    expect(asked?.url).toBe("https://example.com/app/voice/config?room=r");
    for (const { url, headers } of [offer, candidate] as Request[]) {
      expect(url).toBe("https://example.com/app/voice/webrtc/offer?room=r");
      expect(headers).toEqual({ authorization: "Bearer secret", "content-type": "application/json" });
    }
    expect(offer?.body).toMatchObject({
      type: "offer",
      sdp: "v=0 offer",
      protocol: 1,
      resume: "token_0",
      client: { name: "test" },
    });
    expect(candidate?.body).toEqual({
      type: "ice-candidate",
      webrtc_id: offer?.body.webrtc_id,
      candidate: { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0 },
    });
    expect(more).toEqual([]);
    // One that is not read keeps its connection.
    expect(responses.map(({ bodyUsed }) => bodyUsed)).toEqual([true, true, true]);
  });

  it.each([
    [
      "a full server",
      200,
      { status: "failed", meta: { error: "concurrency_limit_reached", limit: 2 } },
      "concurrency_limit_reached",
      true,
    ],
    ["a busy server", 503, { status: "failed", meta: { error: "server_busy" } }, "server_busy", true],
    ["a server that ends", 503, { status: "failed", meta: { error: "closed" } }, "closed", true],
    ["no authentication", 401, { error: "unauthorized" }, "unauthorized", false],
    ["no such path", 404, {}, "unknown_path", false],
    ["too many", 429, {}, "limit_reached", true],
    ["a bad offer", 400, { error: "invalid_sdp" }, "connection_failed", false],
    ["a broken server", 500, {}, "connection_failed", true],
    ["nonsense", 200, [], "protocol_error", false],
  ])("rejects on %s, and lets go of the peer", async (_name, status, body, code, retryable) => {
    answer = async () => Response.json(body, { status });
    const error = await refusal(make().transport.connect(never));
    expect(error).toMatchObject({ code, retryable });
    expect(FakePeer.last.closed).toBe(true);
  });

  it("rejects what the network or the browser does not have", async () => {
    answer = () => Promise.reject(new TypeError("Failed to fetch"));
    expect(await refusal(make().transport.connect(never))).toMatchObject({
      code: "connection_failed",
      retryable: true,
    });
    configAnswer = async () => Response.json({ endpoints: { websocket: "/x" } });
    expect(await refusal(make().transport.connect(never))).toMatchObject({ code: "unknown_path" });
    configAnswer = async () => Response.json({}, { status: 403 });
    expect(await refusal(make().transport.connect(never))).toMatchObject({ code: "unauthorized" });
    vi.stubGlobal("RTCPeerConnection", undefined);
    expect(await refusal(make().transport.connect(never))).toMatchObject({ code: "unsupported" });
    expect(FakePeer.peers.length).toBe(1);
  });

  it.each([
    ["no path is found", (peer: FakePeer) => peer.become("failed"), "connection_failed", true],
    ["the channel closes", (peer: FakePeer) => peer.channel.finishClosing(), "connection_failed", true],
    [
      "the server says goodbye",
      (peer: FakePeer) => peer.channel.say({ type: "bye", reason: "resume_expired", resumable: false }),
      "resume_expired",
      false,
    ],
    [
      "the server refuses",
      (peer: FakePeer) => peer.channel.say({ type: "error", code: "busy", message: "", retryable: false }),
      "busy",
      true,
    ],
  ] as const)("rejects when %s", async (_name, happens, code, retryable) => {
    const connecting = refusal(make().transport.connect(never));
    await settle();
    happens(FakePeer.last);
    expect(await connecting).toMatchObject({ code, retryable });
    expect(FakePeer.last.closed).toBe(true);
  });

  it("looks for a path no longer than it may, but waits for a server that it has reached", async () => {
    const late = refusal(make({}, { iceTimeoutMs: 3_000 }).transport.connect(never));
    await settle();
    await clock.advance(2_999);
    expect(FakePeer.last.closed).toBe(false);
    await clock.advance(1);
    expect(await late).toMatchObject({ code: "connection_timeout", retryable: true });
    expect(FakePeer.last.closed).toBe(true);

    const slow = make({}, { iceTimeoutMs: 3_000 }).transport.connect(never);
    await settle();
    FakePeer.last.become("connected");
    await clock.advance(5_000);
    FakePeer.last.greet();
    await expect(slow).resolves.toMatchObject({ event: "ready" });
    // The far end's stream, and the reports of how far it was played.
    expect(clock.pendingTimers).toBe(2);
  });

  it.each(["config", "offer", "greeting"])(
    "lets go of everything when aborted while it waits for the %s",
    async (stage) => {
      if (stage === "config") configAnswer = () => new Promise(() => {});
      if (stage === "offer") answer = () => new Promise(() => {});
      const abort = new AbortController();
      const { transport, seen } = make();
      const connecting = refusal(transport.connect(abort.signal));
      await settle();
      abort.abort(new VoiceClientError("aborted", "enough"));
      expect(await connecting).toMatchObject({ code: "aborted" });
      expect(FakePeer.peers.every(({ closed }) => closed)).toBe(true);
      await settle();
      expect(seen).toEqual([]);
      expect(await refusal(make().transport.connect(abort.signal))).toMatchObject({ code: "aborted" });
    },
  );
});

describe("a connection", () => {
  it("carries messages both ways, the microphone on a track, and statistics", async () => {
    const { transport, seen, peer } = await connected();
    transport.send({ event: "text", text: "hello" });
    expect(peer.channel.received).toEqual([{ event: "text", text: "hello" }]);
    peer.channel.say({ type: "state", state: "thinking", since: 1 });
    peer.channel.say({ type: "transcription", data: { role: "user", text: "compat" } });
    peer.channel.onmessage?.({ data: "{nonsense" });
    expect(seen.slice(1)).toEqual([["message", { type: "state", state: "thinking", since: 1 }]]);
    await transport.sendStream(new FakeStream(["my track"]) as unknown as MediaStream);
    expect(peer.sentTrack).toBe("my track");
    expect(transport.sendAudio()).toBe(false);
    expect(await transport.stats()).toEqual({ sentFrames: 7 });
    expect(transport.receivesFrames).toBe(false);
  });

  it("reports how far its track was played: each report by itself, the last before a silence for sure", async () => {
    const { transport, seen, peer } = await connected();
    const report = { event: "playout", ssrc: 7, rtpTimestamp: 960, playedMs: 20 };
    peer.sources = [{ source: 7, rtpTimestamp: 960, timestamp: performance.now() - 100 }];
    await clock.advance(200);
    // The channel for them is not open yet.
    expect(peer.channel.received).toEqual([report]);
    peer.playout.readyState = "open";
    peer.sources = [{ source: 7, rtpTimestamp: 1_920, timestamp: performance.now() - 50 }];
    await clock.advance(200);
    expect(peer.channel.received).toHaveLength(1);
    expect(peer.playout.received).toEqual([{ ...report, rtpTimestamp: 1_920 }]);
    peer.channel.say({ type: "clear", utterance: 4 });
    const last = { ...report, rtpTimestamp: 1_920, cleared: 4 };
    expect([peer.channel.received[1], peer.playout.received[1]]).toEqual([last, last]);
    expect(seen.at(-1)).toEqual(["message", { type: "clear", utterance: 4 }]);
    transport.close();
    await clock.advance(1_000);
    expect(peer.playout.received).toHaveLength(2);
  });

  it("takes audio as messages from a server that sends no track", async () => {
    const direction = vi.spyOn(FakePeer.prototype, "setRemoteDescription").mockImplementation(async function (
      this: FakePeer,
    ) {
      this.direction = "sendonly";
    });
    const { transport, seen, peer } = await connected();
    direction.mockRestore();
    expect(transport.receivesFrames).toBe(true);
    peer.channel.speak(3, Int16Array.of(1, 2, 3));
    expect(seen).toEqual([["audio", { utterance: 3, offset: 0, end: true, samples: Int16Array.of(1, 2, 3) }]]);
  });

  it("outlives a short break of its path, and reports a long one once", async () => {
    const { seen, peer } = await connected();
    peer.become("disconnected");
    await clock.advance(3_999);
    peer.become("connected");
    await clock.advance(10_000);
    expect(seen.length).toBe(1);
    peer.become("disconnected");
    await clock.advance(4_000);
    peer.become("failed");
    expect(seen.slice(1)).toEqual([["close", "connection_lost", true]]);
    expect(peer.channel.closing).toBe(true);
  });

  it.each([
    ["failed", (peer: FakePeer) => peer.become("failed")],
    ["closed", (peer: FakePeer) => peer.become("closed")],
    ["without its channel", (peer: FakePeer) => peer.channel.finishClosing()],
  ] as const)("is lost when it is %s", async (_name, happens) => {
    const { seen, peer, transport } = await connected();
    happens(peer);
    expect(seen.slice(1)).toEqual([["close", "connection_lost", true]]);
    transport.send({ event: "interrupt" });
    expect(peer.channel.received).toEqual([]);
  });

  it("lets the last message leave before it goes, but does not wait for ever", async () => {
    for (const polite of [true, false]) {
      const { transport, seen, peer } = await connected();
      transport.send({ event: "stop" });
      transport.close();
      transport.close();
      expect(peer.closed).toBe(false);
      if (polite) peer.channel.finishClosing();
      else await clock.advance(250);
      expect(peer.closed).toBe(true);
      peer.become("closed");
      expect(seen).toEqual([["stream", ["remote track"]]]);
      expect(clock.pendingTimers).toBe(0);
      expect(await transport.stats()).toBeUndefined();
    }
  });
});
