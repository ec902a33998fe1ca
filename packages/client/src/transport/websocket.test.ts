import { decodeAudioFrame, defaultLimits } from "@roomkit/protocol";
import { settle } from "@roomkit/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { decodeMulaw, encodeMulaw } from "../audio/mulaw.ts";
import { sinePcm } from "../audio.fixture.ts";
import { browserClock } from "../clock.ts";
import { VoiceClientError } from "../errors.ts";
import { installSockets, ready, ScriptedSocket, type SocketScript } from "./scripted-socket.fixture.ts";
import type { ReceivedAudio, TransportClose, TransportContext } from "./transport.ts";
import { WebSocketTransport } from "./websocket.ts";

let uninstall = (): void => {};
afterEach(() => {
  uninstall();
  vi.unstubAllGlobals();
});

interface Seen {
  readonly messages: unknown[];
  readonly audio: ReceivedAudio[];
  readonly closes: TransportClose[];
}

function make(
  context: Partial<TransportContext> = {},
  script: SocketScript = {},
): { transport: WebSocketTransport; seen: Seen } {
  uninstall = installSockets(script);
  const seen: Seen = { messages: [], audio: [], closes: [] };
  const transport = new WebSocketTransport({
    url: new URL("https://example.com/app/voice"),
    query: new Map(),
    token: undefined,
    audio: ready.audio,
    resume: undefined,
    client: { name: "test" },
    clock: browserClock,
    handlers: {
      onMessage: (message) => seen.messages.push(message),
      onAudio: (audio) => seen.audio.push(audio),
      onStream: () => {},
      onClose: (close) => seen.closes.push(close),
    },
    ...context,
  });
  return { transport, seen };
}

const never = new AbortController().signal;

async function refusal(promise: Promise<unknown>): Promise<VoiceClientError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof VoiceClientError) return error;
  throw new Error(`no refusal: ${error}`);
}

describe("WebSocketTransport", () => {
  it("asks for v1 at the mount's address, with query and token", async () => {
    const { transport } = make({ query: new Map([["room", "a b&c"]]), token: "e30.x-_", resume: "old" });
    await expect(transport.connect(never)).resolves.toMatchObject({ session: "session_1" });
    expect(ScriptedSocket.last.url).toBe("wss://example.com/app/voice/websocket/offer?room=a+b%26c");
    expect(ScriptedSocket.last.protocols).toEqual(["roomkit.v1", "roomkit.bearer.e30.x-_"]);
    expect(ScriptedSocket.last.received[0]).toMatchObject({
      event: "start",
      protocol: 1,
      audio: ready.audio,
      resume: "old",
      client: { name: "test" },
    });
  });

  it("sends audio as binary frames with offsets, and drops it while the network is behind", async () => {
    const { transport } = make();
    expect(transport.sendAudio(0, new Int16Array(320))).toBe(false);
    await transport.connect(never);
    const samples = sinePcm(440, 16_000, 320);
    expect(transport.sendAudio(2 ** 32 + 640, samples)).toBe(true);
    const result = decodeAudioFrame(ScriptedSocket.last.audio[0] as Uint8Array, defaultLimits);
    expect(result).toMatchObject({ ok: true, frame: { utterance: 0, offset: 640, end: false } });
    if (result.ok) expect(new Int16Array(result.frame.audio.slice().buffer)).toEqual(samples);
    ScriptedSocket.last.bufferedAmount = 32_001;
    expect(transport.sendAudio(960, samples)).toBe(false);
    expect(ScriptedSocket.last.audio).toHaveLength(1);
  });

  it("speaks mu-law both ways when that is granted", async () => {
    const spec = { codec: "mulaw", sampleRate: 8_000 } as const;
    const script: SocketScript = {
      onMessage: (socket, message) => socket.answer(message, { audio: { send: spec, receive: spec } }),
    };
    const { transport, seen } = make({}, script);
    await transport.connect(never);
    const samples = sinePcm(440, 8_000, 160);
    transport.sendAudio(0, samples);
    expect(ScriptedSocket.last.audio[0]?.subarray(10)).toEqual(encodeMulaw(samples));
    const bytes = encodeMulaw(samples);
    ScriptedSocket.last.speak(3, 160, new Int16Array(bytes.buffer), true);
    await settle();
    expect(seen.audio).toEqual([{ utterance: 3, offset: 160, end: true, samples: decodeMulaw(bytes) }]);
  });

  it("hands on v1 messages and ignores what it does not know", async () => {
    const { transport, seen } = make();
    await transport.connect(never);
    const socket = ScriptedSocket.last;
    socket.say({ type: "state", state: "thinking", since: 5 });
    socket.say({ type: "transcription", data: { role: "user", text: "compat" } });
    socket.sayRaw('{"type":"from-the-future"}');
    socket.sayRaw("{nonsense");
    socket.say({ type: "clear", utterance: 2 });
    await settle();
    expect(seen.messages).toMatchObject([{ type: "state" }, { type: "clear", utterance: 2 }]);
    expect(seen.closes).toEqual([]);
  });

  it("reports the close once, and what it means", async () => {
    for (const [code, reason, expected] of [
      [1000, "", { code: "server_closed", retryable: false }],
      [1008, "idle_timeout", { code: "idle_timeout", retryable: false }],
      [1008, "Speak English?", { code: "protocol_error", retryable: false }],
      [4403, "too_many_operators", { code: "too_many_operators", retryable: false }],
      [4403, "Speak English?", { code: "refused", retryable: false }],
      [4410, "", { code: "resumed_elsewhere", retryable: false }],
      [4401, "", { code: "unauthorized", retryable: false }],
      [4429, "", { code: "limit_reached", retryable: true }],
      [1006, "", { code: "connection_lost", retryable: true }],
      [1001, "draining", { code: "connection_lost", retryable: true }],
      [1011, "", { code: "connection_lost", retryable: true }],
    ] as const) {
      const { transport, seen } = make();
      await transport.connect(never);
      ScriptedSocket.last.closeFromServer(code, reason);
      expect(seen.closes).toMatchObject([expected]);
      expect(transport.sendAudio(0, new Int16Array(1))).toBe(false);
      uninstall();
    }
  });

  it("says nothing after close", async () => {
    const { transport, seen } = make();
    await transport.connect(never);
    const socket = ScriptedSocket.last;
    socket.say({ type: "state", state: "thinking", since: 0 });
    transport.close();
    transport.close();
    await settle();
    expect(socket.closedByClient).toBe(true);
    expect(seen).toEqual({ messages: [], audio: [], closes: [] });
    transport.send({ event: "interrupt" });
    expect(socket.received.map(({ event }) => event)).toEqual(["start"]);
  });

  it.each([
    [
      "a refusal",
      { status: "failed", meta: { error: "concurrency_limit_reached", limit: 2 } },
      "concurrency_limit_reached",
      true,
    ],
    ["an error", { type: "error", code: "room_closed", message: "gone", retryable: false }, "room_closed", false],
    [
      "a full server",
      { type: "error", code: "address_limit_reached", message: "", retryable: false },
      "address_limit_reached",
      true,
    ],
  ] as const)("rejects with the server's code on %s", async (_name, answer, code, retryable) => {
    const { transport } = make({}, { onMessage: (socket) => socket.say(answer) });
    const error = await refusal(transport.connect(never));
    expect(error).toMatchObject({ code, retryable });
    expect(ScriptedSocket.last.closedByClient).toBe(true);
  });

  it("rejects an answer it cannot read, and waits through what it does not know", async () => {
    const garbage = make({}, { onMessage: (socket) => socket.sayRaw('{"event":"ready"}') });
    await expect(refusal(garbage.transport.connect(never))).resolves.toMatchObject({ code: "protocol_error" });
    uninstall();
    const strange = make(
      {},
      {
        onMessage: (socket, message) => {
          socket.sayRaw('{"type":"weather"}');
          socket.answer(message);
        },
      },
    );
    await expect(strange.transport.connect(never)).resolves.toMatchObject({ event: "ready" });
  });

  it("rejects when the server closes before it is ready", async () => {
    const { transport } = make({}, { onMessage: (socket) => socket.closeFromServer(4404, "") });
    await expect(refusal(transport.connect(never))).resolves.toMatchObject({
      code: "session_expired",
      retryable: false,
    });
  });

  it.each([
    [401, "unauthorized"],
    [403, "unauthorized"],
    [404, "unknown_path"],
    [429, "limit_reached"],
    [503, "limit_reached"],
    [200, "connection_failed"],
  ])("finds out why the upgrade was refused: config answers %d", async (status, code) => {
    const fetch = vi.fn((_url: URL, _init: RequestInit) => Promise.resolve(new Response("{}", { status })));
    vi.stubGlobal("fetch", fetch);
    const { transport } = make({ query: new Map([["room", "r"]]), token: "t" }, { refuse: true });
    const error = await refusal(transport.connect(never));
    expect(error.code).toBe(code);
    expect(error.hint).not.toMatch(/Something went wrong/);
    expect(String(fetch.mock.calls[0]?.[0])).toBe("https://example.com/app/voice/config?room=r");
    expect(fetch.mock.calls[0]?.[1].headers).toEqual({ authorization: "Bearer t" });
  });

  it("says that the server cannot be reached when nothing answers", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    const { transport } = make({}, { refuse: true });
    await expect(refusal(transport.connect(never))).resolves.toMatchObject({
      code: "connection_failed",
      retryable: true,
    });
  });

  it("lets go of the socket when aborted", async () => {
    const { transport } = make({}, { onMessage: () => {} });
    const abort = new AbortController();
    const connecting = refusal(transport.connect(abort.signal));
    await settle();
    abort.abort(new VoiceClientError("connection_timeout", "too slow"));
    await expect(connecting).resolves.toMatchObject({ code: "connection_timeout" });
    expect(ScriptedSocket.last.closedByClient).toBe(true);
    await expect(refusal(make().transport.connect(abort.signal))).resolves.toMatchObject({
      code: "connection_timeout",
    });
    expect(ScriptedSocket.sockets).toEqual([]);
  });

  it.each<[string, number]>([
    ["aborted", 1000],
    ["connection_timeout", 4000],
  ])("tells the server whether anybody may come back to a session that is being made: %s", async (code, closeCode) => {
    const { transport } = make({ resume: "token_0" }, { onMessage: () => {} });
    const abort = new AbortController();
    const refused = refusal(transport.connect(abort.signal));
    await settle();
    expect(ScriptedSocket.last.received.map(({ event }) => event)).toEqual(["start"]);
    abort.abort(new VoiceClientError(code, "enough"));
    expect((await refused).code).toBe(code);
    expect(ScriptedSocket.last.closeCode).toBe(closeCode);
  });
});
