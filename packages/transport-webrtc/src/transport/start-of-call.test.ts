import { opus } from "@roomkit/codec-opus";
import { silentLogger, type WebRTCEngine } from "@roomkit/core";
import { nodeDataChannel } from "@roomkit/webrtc-engine-node-datachannel";
import { werift } from "@roomkit/webrtc-engine-werift";
import { expect, it, vi } from "vitest";
import { start as startServer, voiceSession } from "../harness.fixture.ts";
import { join, pitchOf, sine, until } from "../testing.fixture.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const engines: readonly (readonly [string, () => WebRTCEngine])[] = [
  ["werift", () => werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger })],
  ["node-datachannel", () => nodeDataChannel({ listenAddress: "127.0.0.1", logger: silentLogger })],
];

it.each(engines)(
  "of what a caller says as soon as they can nothing is lost, whenever somebody listens (%s)",
  async (_, engine) => {
    const server = await startServer({ engine: engine() });
    const offered: string[] = [];
    server.transport.onClientConnected((id) => void offered.push(id));
    const encoder = await opus().createEncoder({ sampleRate: 48_000 });
    const said = sine(48_000, 440, 1_000);
    const caller = server.client();
    // Queued before there is a connection, so that the first packet leaves with its first moment.
    for (let at = 0; at < said.length; at += 960)
      caller.sendRtp(Uint8Array.from(encoder.encode(said.subarray(at, at + 960)) ?? []));
    encoder.close();
    await caller.connect();
    await until(() => offered.length === 1, "the client");
    const { transport } = server;
    await until(() => (transport.statsOf(offered[0] as string)?.peer.rtpReceived ?? 0) >= 50, "all packets");
    const connection = await transport.accept(voiceSession(), offered[0] as string);
    const frames: Int16Array[] = [];
    connection.onAudio(({ samples }) => frames.push(samples));
    await until(() => frames.length >= 50, "all audio");
    const heard = join(frames);
    // A machine that is held up may have some silence after it.
    expect(heard.length).toBeGreaterThanOrEqual(16_000);
    expect(Math.abs(pitchOf(heard.subarray(320, 16_000), 16_000) - 440)).toBeLessThan(5);
    expect(Math.max(...heard.subarray(0, 320))).toBeGreaterThan(4_000);
    expect(transport.statsOf(offered[0] as string)?.audio).toMatchObject({ lost: 0, late: 0, concealedMs: 0 });
    await server.stop();
  },
);
