import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import {
  type AudioFrame,
  RoomKitError,
  randomId,
  silentLogger,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import { werift } from "@roomkit/webrtc-engine-werift";
import { TestClient, type TestClientOptions } from "./client.fixture.ts";
import { mountRealtime, type RealtimeMountOptions, WebRTCTransport, type WebRTCTransportOptions } from "./index.ts";
import { listen, sine } from "./testing.fixture.ts";

export interface Started {
  readonly transport: WebRTCTransport;
  /** Of the mount. */
  readonly url: string;
  readonly unmount: () => void;
  client(options?: Partial<TestClientOptions>): TestClient;
  /** Ends everything that was started. */
  stop(): Promise<void>;
}

/** Where media may be done: what holds of a transport holds in both. */
export const places = [
  ["this thread", {}],
  ["a worker", { workers: { count: 1 } }],
] as const;

/** A transport mounted on a server of its own, on loopback. */
export async function start(
  options: Partial<WebRTCTransportOptions> = {},
  mount: RealtimeMountOptions = { allowAnonymous: true },
): Promise<Started> {
  const { server, url, close } = await listen();
  const transport = new WebRTCTransport({
    opus: opus(),
    mulaw: mulaw(),
    logger: silentLogger,
    engine: options.engine ?? werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger }),
    ...options,
    // That the machine is busy with other things is no reason to refuse a call.
    limits: { lagMs: 10_000, utilization: 1, ...options.limits },
  });
  const unmount = mountRealtime(server, transport, mount);
  if (options.workers) await ready(transport);
  const base = `${url}${mount.path ?? "/rtc-realtime"}`;
  const clients: TestClient[] = [];
  return {
    transport,
    url: base,
    unmount,
    client(o = {}) {
      const made = new TestClient({ url: base, ...o });
      clients.push(made);
      return made;
    },
    async stop() {
      for (const client of clients) await client.close();
      unmount();
      await transport.close();
      await close();
    },
  };
}

/** Waits for the first media worker, however long this machine takes to start one: a call would wait for ten seconds. */
async function ready(transport: WebRTCTransport): Promise<void> {
  for (;;) {
    try {
      return await transport.warmUp();
    } catch (error) {
      if (!RoomKitError.is(error, "timeout")) throw error;
    }
  }
}

export function voiceSession(id = "s1"): VoiceSession {
  return { id, roomId: "room", participantId: "user", channelId: "voice", state: "connecting", metadata: {} };
}

export interface Accepted {
  readonly connections: VoiceConnection[];
  readonly sessions: VoiceSession[];
  readonly frames: AudioFrame[];
  /** Starts no more. */
  readonly stop: () => void;
}

/** A realtime application that starts a session for every client. */
export function acceptAll(transport: WebRTCTransport): Accepted {
  const stop = transport.onClientConnected(async (id) => {
    const session = voiceSession(randomId("session"));
    out.sessions.push(session);
    const connection = await transport.accept(session, id);
    connection.onAudio((frame) => out.frames.push(frame));
    out.connections.push(connection);
  });
  const out: Accepted = { connections: [], sessions: [], frames: [], stop };
  return out;
}

/** The caller speaks a tone for `ms`, as fast as it can be sent. */
export async function speak(client: TestClient, ms: number, hz = 440): Promise<void> {
  const encoder = await opus().createEncoder({ sampleRate: 48_000 });
  const audio = sine(48_000, hz, ms);
  for (let at = 0; at + 960 <= audio.length; at += 960) {
    client.sendRtp(encoder.encode(audio.subarray(at, at + 960)) as Uint8Array);
    if (at % 4_800 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  encoder.close();
}
