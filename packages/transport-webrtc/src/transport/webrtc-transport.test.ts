import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import { type AudioFrame, silentLogger, type VoiceConnection, type VoiceSession } from "@roomkit/core";
import { afterEach, describe, expect, it } from "vitest";
import { TestClient, type TestClientOptions } from "../client.fixture.ts";
import { mountRealtime, type RealtimeMountOptions, WebRTCTransport, type WebRTCTransportOptions } from "../index.ts";
import { amplitudeAt, frameOf, join, listen, sine, until } from "../testing.fixture.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(
  options: Partial<WebRTCTransportOptions> = {},
  mount: RealtimeMountOptions = { allowAnonymous: true },
): Promise<{ transport: WebRTCTransport; url: string; client: (o?: Partial<TestClientOptions>) => TestClient }> {
  const { server, url, close } = await listen();
  const transport = new WebRTCTransport({
    opus: opus(),
    mulaw: mulaw(),
    logger: silentLogger,
    ...(options.engine ? {} : { ice: { listenAddresses: ["127.0.0.1"] } }),
    ...options,
  });
  const unmount = mountRealtime(server, transport, mount);
  cleanups.push(close, () => transport.close(), unmount);
  const base = `${url}${mount.path ?? "/rtc-realtime"}`;
  return {
    transport,
    url: base,
    client: (o = {}) => {
      const made = new TestClient({ url: base, ...o });
      cleanups.push(() => made.close());
      return made;
    },
  };
}

function session(id = "s1"): VoiceSession {
  return { id, roomId: "room", participantId: "user", channelId: "voice", state: "connecting", metadata: {} };
}

/** A realtime application: accepts every client. */
function acceptAll(transport: WebRTCTransport): { connections: VoiceConnection[]; frames: AudioFrame[] } {
  const out = { connections: [] as VoiceConnection[], frames: [] as AudioFrame[] };
  transport.onClientConnected(async (id) => {
    const connection = await transport.accept(session(`session_${out.connections.length}`), id);
    connection.onAudio((frame) => out.frames.push(frame));
    out.connections.push(connection);
  });
  return out;
}

async function speak(client: TestClient, ms: number, hz = 440): Promise<void> {
  const encoder = await opus().createEncoder({ sampleRate: 48_000 });
  const audio = sine(48_000, hz, ms);
  for (let at = 0; at + 960 <= audio.length; at += 960) {
    client.sendRtp(encoder.encode(audio.subarray(at, at + 960)) as Uint8Array);
    if (at % 4_800 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  encoder.close();
}

describe("WebRTCTransport as a realtime transport", () => {
  it("hears the caller and answers on an Opus track", async () => {
    const { transport, client } = await start();
    const app = acceptAll(transport);
    const caller = await client().connect();
    await until(() => app.connections.length === 1, "the client");
    const connection = app.connections[0] as VoiceConnection;
    expect(connection.inbound).toEqual({ sampleRate: 16_000, channels: 1 });
    expect(connection.outbound).toEqual({ sampleRate: 24_000, channels: 1 });
    expect(connection.label).toBe(caller.id);
    await speak(caller, 600);
    await until(() => app.frames.length >= 29, "the caller's audio");
    const heard = join(app.frames.map((f) => f.samples));
    expect(amplitudeAt(heard.subarray(1600), 16_000, 440)).toBeGreaterThan(8_000);
    expect(app.frames[1]?.timestamp).toBeCloseTo(20);

    connection.play("u1", frameOf(sine(24_000, 660, 400), 24_000));
    connection.endUtterance("u1");
    await until(() => caller.packets.length >= 20, "the track");
    const decoder = await opus().createDecoder({ sampleRate: 16_000 });
    const played = join(caller.packets.map((p) => decoder.decode(p.payload)));
    decoder.close();
    expect(amplitudeAt(played.subarray(1600, 6400), 16_000, 660)).toBeGreaterThan(8_000);
    expect(caller.packets[0]?.header.marker).toBe(true);
    // Never both ways of sending audio.
    expect(caller.messages.filter((m) => m.event === "media")).toEqual([]);
  });
});
