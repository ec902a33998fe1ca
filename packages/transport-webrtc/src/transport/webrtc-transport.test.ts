import { decodeMulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import {
  type AudioFrame,
  type CloseReason,
  RoomKitError,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import { decodeAudioFrame } from "@roomkit/protocol";
import { authContext } from "@roomkit/transport-utils";
import { werift } from "@roomkit/webrtc-engine-werift";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  type Accepted,
  acceptAll as acceptEach,
  places,
  type Started,
  speak,
  start as startServer,
  voiceSession,
} from "../harness.fixture.ts";
import { WebRTCTransport, type WebRTCTransportOptions } from "../index.ts";
import { amplitudeAt, frameOf, join, sine, until } from "../testing.fixture.ts";

const running: Started[] = [];
/** What a test leaves at a server that others use after it. */
const leftovers: (() => unknown)[] = [];
afterEach(async () => {
  for (const clear of leftovers.splice(0)) await clear();
  for (const started of running.splice(0)) await started.stop();
});

/** Starts a session for every client of a transport, until the test is over. */
function acceptAll(transport: WebRTCTransport): Accepted {
  const app = acceptEach(transport);
  leftovers.push(app.stop);
  return app;
}

const codeOf = async (work: () => unknown): Promise<string | undefined> => {
  try {
    await work();
  } catch (error) {
    return RoomKitError.is(error) ? error.code : String(error);
  }
  return undefined;
};

describe.each(places)("with media on %s", (_, place) => {
  const servers = new Map<string, Started>();
  afterAll(async () => {
    for (const started of servers.values()) await started.stop();
  });

  /** A server of these options: each is started once, since a worker takes seconds for it. */
  const start = async (
    options: Partial<WebRTCTransportOptions> = {},
  ): Promise<Pick<Started, "transport" | "client">> => {
    const name = JSON.stringify(options);
    const started = servers.get(name) ?? (await startServer({ ...place, ...options }));
    servers.set(name, started);
    const { transport } = started;
    return {
      transport,
      client(more) {
        const client = started.client(more);
        leftovers.push(() => client.close());
        return client;
      },
    };
  };

  describe("WebRTCTransport as a realtime transport", () => {
    it("hears the caller and answers on an Opus track", async () => {
      const { transport, client } = await start();
      const app = acceptAll(transport);
      const tapped: VoiceSession[] = [];
      transport.onAudioReceived((session) => tapped.push(session));
      const caller = await client().connect();
      await until(() => app.connections.length === 1, "the client");
      const connection = app.connections[0] as VoiceConnection;
      expect(connection.inbound).toEqual({ sampleRate: 16_000, channels: 1 });
      expect(connection.outbound).toEqual({ sampleRate: 24_000, channels: 1 });
      expect(connection.label).toBe(caller.id);
      expect(connection.id).not.toBe(caller.id);
      await speak(caller, 600);
      // Where this machine stood still for a moment something was made up in between.
      const sounds = (): AudioFrame[] => app.frames.filter((f) => amplitudeAt(f.samples, 16_000, 440) > 6_000);
      await until(() => sounds().length >= 24, "the caller's audio");
      expect(app.frames[1]?.timestamp).toBeCloseTo(20);
      expect(tapped[0]).toBe(app.sessions[0]);

      connection.play("u1", frameOf(sine(24_000, 660, 400), 24_000));
      connection.endUtterance("u1");
      const decoder = await opus().createDecoder({ sampleRate: 16_000 });
      const levels: number[] = [];
      // 20 of sound, with as much silence between them as this machine stood still.
      await until(() => {
        for (const { payload } of caller.packets.slice(levels.length))
          levels.push(amplitudeAt(decoder.decode(payload).slice(), 16_000, 660));
        return levels.filter((level) => level > 6_000).length >= 15;
      }, "the sound on the track");
      decoder.close();
      expect(caller.packets[0]?.header.marker).toBe(true);
      // Never both ways of sending audio.
      expect(caller.messages.filter((m) => m.event === "media")).toEqual([]);
    });

    it("sends mu-law on the data channel when it is set to, and no track then", async () => {
      const { transport, client } = await start({ outboundAudio: "datachannel" });
      const app = acceptAll(transport);
      const caller = await client().connect();
      await until(() => app.connections.length === 1, "the client");
      expect(caller.answer?.sdp).toContain("a=recvonly");
      await transport.sendAudio(app.sessions[0] as VoiceSession, frameOf(sine(24_000, 660, 200), 24_000));
      await until(() => caller.messages.filter((m) => m.event === "media").length >= 10, "the audio");
      const bytes = caller.messages
        .filter((m) => m.event === "media")
        .map((m) => (m.media as { payload: string }).payload);
      const played = join(bytes.map((b) => decodeMulaw(Buffer.from(b, "base64"))));
      expect(amplitudeAt(played, 24_000, 660)).toBeGreaterThan(9_000);
      expect(caller.packets).toEqual([]);
    });

    it("speaks PCMU to a client that knows nothing else, at its honest rate", async () => {
      const { transport, client } = await start();
      const app = acceptAll(transport);
      const caller = await client({ codecs: ["pcmu"] }).connect();
      await until(() => app.connections.length === 1, "the client");
      const connection = app.connections[0] as VoiceConnection;
      expect([connection.inbound.sampleRate, connection.outbound.sampleRate]).toEqual([8_000, 8_000]);
      connection.play("u", frameOf(sine(8_000, 500, 200), 8_000));
      // On a busy machine silence goes before it, which keeps the way open.
      const sounds = (): Int16Array[] =>
        caller.packets.map((p) => decodeMulaw(p.payload)).filter((samples) => samples.some((x) => x > 1_000));
      await until(() => sounds().length >= 10, "the track");
      expect(amplitudeAt(join(sounds().slice(0, 10)), 8_000, 500)).toBeGreaterThan(9_000);
    });

    it("uses redundant audio only for a client that puts it first", async () => {
      const { transport, client } = await start();
      acceptAll(transport);
      const first = await client({ codecs: ["red", "opus"] }).connect();
      expect(first.answer?.sdp).toMatch(/m=audio 9 UDP\/TLS\/RTP\/SAVPF 63 111/);
      const second = await client({ codecs: ["opus", "red"] }).connect();
      expect(second.answer?.sdp).toMatch(/m=audio 9 UDP\/TLS\/RTP\/SAVPF 111\r/);
    });

    it("tells the client what the application says, and the application what the client says", async () => {
      const { transport, client } = await start();
      const app = acceptAll(transport);
      const caller = await client().connect();
      await until(() => app.connections.length === 1, "the client");
      const connection = app.connections[0] as VoiceConnection;
      const inputs: unknown[] = [];
      connection.onInput((input) => inputs.push(input));
      connection.send({ type: "transcript", id: "t", role: "user", text: "hi", final: true, revision: 0 });
      connection.send({ type: "state", state: "thinking" });
      await transport.sendMessage(app.sessions[0] as VoiceSession, { type: "session_started", anything: 1 });
      connection.clear();
      caller.send({ event: "ping" });
      caller.send({ event: "text", text: "typed" });
      caller.send({ event: "never heard of" });
      await until(() => caller.messages.length >= 4 && inputs.length >= 1, "the messages");
      expect(caller.messages).toEqual([
        { type: "transcription", data: { role: "user", text: "hi" } },
        { type: "session_started", anything: 1 },
        { type: "clear_audio" },
        { event: "pong" },
      ]);
      expect(inputs).toEqual([{ type: "text", text: "typed" }]);
    });

    it("ends on either side's word, once", async () => {
      const { transport, client } = await start();
      const app = acceptAll(transport);
      const gone: string[] = [];
      transport.onClientDisconnected((session, reason) => {
        const index = app.sessions.indexOf(session);
        if (index >= 0) gone.push(`${index} ${reason.code}`);
      });
      const one = await client().connect();
      await until(() => app.connections.length === 1, "the first");
      one.send({ event: "stop" });
      await until(() => gone.length === 1, "its end");
      await client().connect();
      await until(() => app.connections.length === 2, "the second");
      await transport.disconnect(app.sessions[1] as VoiceSession);
      await until(() => gone.length === 2, "its end");
      expect(gone).toEqual(["0 client_closed", "1 server_closed"]);
      // The session is over before its media is: a worker may close the second call before the first.
      for (const { id } of app.connections)
        await until(() => transport.statsOf(id) === undefined, "its media to be gone");
    });
  });

  describe("v1", () => {
    it("greets who asks for it in the offer, and sends audio as binary frames", async () => {
      const { transport, client } = await start({ outboundAudio: "datachannel" });
      const app = acceptAll(transport);
      const caller = await client({ protocol: 1 }).connect();
      await until(() => app.connections.length === 1, "the client");
      const connection = app.connections[0] as VoiceConnection;
      expect(connection.playback).toBe("reported");
      connection.play("u", frameOf(sine(24_000, 660, 100), 24_000));
      connection.endUtterance("u");
      const frame = (b: Buffer): ReturnType<typeof decodeAudioFrame> =>
        decodeAudioFrame(b, { maxMessageBytes: 65_536 });
      // The end may be a frame of its own, when the audio was sent before it was known.
      await until(() => caller.binary.map(frame).some((f) => f.ok && f.frame.end), "the audio");
      expect(caller.messages[0]).toMatchObject({
        event: "ready",
        protocol: 1,
        session: connection.id,
        audio: { send: { codec: "pcm16", sampleRate: 16_000 }, receive: { codec: "pcm16", sampleRate: 24_000 } },
      });
      const frames = caller.binary.map(frame);
      const samples = frames.map((f) =>
        f.ok ? new Int16Array(Uint8Array.from(f.frame.audio).buffer) : new Int16Array(0),
      );
      expect(amplitudeAt(join(samples), 24_000, 660)).toBeGreaterThan(9_900);
      expect(frames.at(-1)).toMatchObject({ ok: true, frame: { utterance: 1, end: true } });
      const progress: unknown[] = [];
      connection.onPlayback((p) => progress.push(p));
      caller.send({ event: "playback", utterance: 1, playedSamples: 2_400, underruns: 0, done: true });
      await until(() => progress.length > 0, "the report");
      expect(progress[0]).toEqual({ utterance: "u", playedMs: 100, confidence: "reported", done: true });
    });

    it("hears audio on the data channel of a client without a microphone track", async () => {
      const { transport, client } = await start({ outboundAudio: "datachannel" });
      const app = acceptAll(transport);
      const caller = await client({ audio: false }).connect();
      await until(() => app.connections.length === 1, "the client");
      const audio = Buffer.alloc(320, 0x80).toString("base64");
      caller.send({ event: "media", media: { payload: audio } });
      await until(() => app.frames.length === 1, "the audio");
      expect(app.frames[0]).toMatchObject({ sampleRate: 16_000, timestamp: 0 });
      expect(app.frames[0]?.samples.length).toBe(320);
    });
  });
});

describe("WebRTCTransport and its application", () => {
  const start: typeof startServer = async (options, mount) => {
    const started = await startServer(options, mount);
    running.push(started);
    return started;
  };

  // What a client is told for that reason, see rtc-session.test.ts: a goodbye that it is to come back after.
  it("drains when it closes", async () => {
    const { transport, client } = await start();
    const app = acceptAll(transport);
    const gone: string[] = [];
    transport.onClientDisconnected((session, reason) => gone.push(`${app.sessions.indexOf(session)} ${reason.code}`));
    await client({ protocol: 1 }).connect();
    await until(() => app.connections.length === 1, "the client");
    await transport.close();
    expect(gone).toEqual(["0 draining"]);
  });

  it("binds a session to a waiting client once", async () => {
    const { transport, client } = await start();
    const ids: string[] = [];
    transport.onClientConnected((id) => ids.push(id));
    await client().connect();
    await until(() => ids.length === 1, "the client");
    const id = ids[0] as string;
    expect(await codeOf(() => transport.accept(voiceSession(), "nobody"))).toBe("unknown_connection");
    await transport.accept(voiceSession("a"), id);
    expect(await codeOf(() => transport.accept(voiceSession("b"), id))).toBe("connection_taken");
    expect(await codeOf(() => transport.sendAudio(voiceSession("c"), frameOf(new Int16Array(480), 24_000)))).toBe(
      "unknown_session",
    );
  });

  it("tells a client that the application refuses why", async () => {
    const refuse = (): never => {
      throw new RoomKitError("no_call", "there is none", { toClient: true });
    };
    const { transport, client } = await start({}, { allowAnonymous: true, sessionFactory: refuse });
    const caller = await client({ protocol: 1 }).connect();
    await until(() => caller.messages.some(({ type }) => type === "bye"), "the refusal");
    expect(caller.messages.filter(({ type }) => type === "bye")).toEqual([
      { type: "bye", reason: "no_call", resumable: false, code: 1011 },
    ]);
    await until(() => transport.size === 0, "the end");
  });

  it("ends a client nobody wants", async () => {
    const { transport, client } = await start({ limits: { factoryTimeoutMs: 50 } });
    await client().connect();
    await until(() => transport.size === 1, "the offer");
    await until(() => transport.size === 0, "the end");
  });

  it("resolves its options once; what is undefined is not given", () => {
    const limits = { messagesPerSecond: undefined, audioBurstMs: undefined, maxSessionMs: 60_000 };
    const { settings } = new WebRTCTransport({
      engine: werift(),
      opus: opus(),
      inputSampleRate: undefined,
      limits,
    } as never);
    expect(settings).toMatchObject({
      inputSampleRate: 16_000,
      limits: { messagesPerSecond: 100, audioBurstMs: 5_000, maxSessionMs: 60_000, connectTimeoutMs: 15_000 },
    });
  });

  it.each([undefined, {}])("says which packages have an engine when %j is none", (engine) => {
    expect(() => new WebRTCTransport({ opus: opus(), engine } as unknown as WebRTCTransportOptions)).toThrowError(
      expect.objectContaining({
        code: "invalid_option",
        message: expect.stringMatching(/^engine .*werift\(\) of @roomkit\/webrtc-engine-werift .*node-datachannel$/),
      }),
    );
  });

  it("refuses options that cannot be", () => {
    const make = (options: object) => () =>
      new WebRTCTransport({ engine: werift(), opus: opus(), ...options } as WebRTCTransportOptions);
    for (const options of [
      { opus: undefined },
      { inputSampleRate: 44_100 },
      { outputSampleRate: 22_050 },
      { outboundAudio: "datachannel" },
      { outboundAudio: "pcmu" },
      { outboundAudio: "flac" },
      { limits: { connectTimeoutMs: 0 } },
      { limits: { idleTimeoutMs: 2 ** 31 } },
      { limits: { maxSessionMs: -1 } },
      { limits: { audioRate: Number.NaN } },
      { limits: { utilization: 1.5 } },
      { leadMs: -1 },
    ]) {
      expect(make(options), JSON.stringify(options)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
    }
  });

  it("makes the session in the mount's factory, with what authentication said in reach", async () => {
    const made: { webrtcId: string; auth: unknown }[] = [];
    let backend: WebRTCTransport | undefined;
    const { transport, client } = await start(
      {},
      {
        auth: () => ({ user: "ada" }),
        sessionFactory: async (webrtcId) => {
          made.push({ webrtcId, auth: authContext.get() });
          return await (backend as WebRTCTransport).connect("room", "ada", "voice", { webrtc_id: webrtcId });
        },
      },
    );
    backend = transport;
    const ready: [VoiceSession, VoiceConnection][] = [];
    const ended: [VoiceSession, CloseReason][] = [];
    transport.onSessionReady((session, connection) => ready.push([session, connection]));
    transport.onSessionEnded((session, reason) => ended.push([session, reason]));
    const caller = await client().connect();
    await until(() => ready.length === 1, "the session");
    const [session, connection] = ready[0] as [VoiceSession, VoiceConnection];
    expect(made).toEqual([{ webrtcId: caller.id, auth: { user: "ada" } }]);
    expect(session.state).toBe("active");
    expect(connection.metadata).toEqual({ user: "ada" });
    await transport.disconnect(session);
    expect(session.state).toBe("ended");
    expect(ended.map(([s, r]) => [s === session, r.code])).toEqual([[true, "server_closed"]]);
  });

  it("binds a session that was made before its client came", async () => {
    const { transport, client } = await start();
    const session = await transport.connect("room", "user", "voice", { webrtc_id: "expected" });
    const ready: VoiceSession[] = [];
    transport.onSessionReady((s) => ready.push(s));
    await client({ id: "expected" }).connect();
    await until(() => ready.length === 1, "the session");
    expect(ready[0]).toBe(session);
  });

  it("ends the client when no session can be made for it", async () => {
    const { transport, client } = await start(
      {},
      {
        allowAnonymous: true,
        sessionFactory: () => {
          throw new Error("no room");
        },
      },
    );
    const caller = await client().connect();
    await until(() => transport.size === 0, "the end");
    expect(caller.messages).toEqual([]);
  });

  it("greets who asks for it on the data channel, once", async () => {
    const { transport, client } = await start();
    const app = acceptAll(transport);
    const caller = await client().connect();
    await until(() => app.connections.length === 1, "the client");
    caller.send({ event: "start", protocol: 1 });
    caller.send({ event: "start", protocol: 1 });
    caller.send({ event: "ping", t: 5 });
    await until(() => caller.messages.length >= 2, "the answers");
    expect(caller.messages.map((m) => m.event ?? m.type)).toEqual(["ready", "pong"]);
    (app.connections[0] as VoiceConnection).send({ type: "state", state: "thinking" });
    await until(() => caller.messages.length >= 3, "the state");
    expect(caller.messages[2]).toMatchObject({ type: "state", state: "thinking" });
  });
});
