import { createSocket } from "node:dgram";
import { opus } from "@roomkit/codec-opus";
import { silentLogger, type VoiceConnection } from "@roomkit/core";
import { WebRTCTransport } from "@roomkit/transport-webrtc";
import { expect, it } from "vitest";
import { type NativeClient, nativeClient } from "./client.fixture.ts";
import { NodeDataChannelEngine } from "./engine.ts";

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("it never came");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The first of two neighbouring UDP ports that are free. */
async function freePorts(): Promise<number> {
  const bind = (port: number): Promise<{ port: number; close: () => void } | undefined> =>
    new Promise((resolve) => {
      const socket = createSocket("udp4");
      socket.once("error", () => resolve(undefined));
      socket.bind(port, "127.0.0.1", () => resolve({ port: socket.address().port, close: () => void socket.close() }));
    });
  for (;;) {
    const first = await bind(0);
    const second = first && (await bind(first.port + 1));
    first?.close();
    second?.close();
    if (first && second) return first.port;
  }
}

// This process has loaded the addon as well: what crashes when two threads of one process do must not here.
it("serves calls from media workers, each a process with a port of its own", async () => {
  const port = await freePorts();
  const transport = new WebRTCTransport({
    opus: opus(),
    engine: new NodeDataChannelEngine({ listenAddress: "127.0.0.1", port }),
    workers: { count: 2, calls: 1 },
    limits: { lagMs: 10_000, utilization: 1 },
    signalling: { allowAnonymous: true },
    logger: silentLogger,
  });
  const connections: VoiceConnection[] = [];
  transport.onClientConnected(async (id) => {
    const base = { roomId: "r", participantId: "p", channelId: "c", state: "connecting" } as const;
    const connection = await transport.accept({ ...base, id: `s-${id}`, metadata: {} }, id);
    connections.push(connection);
  });
  const clients: NativeClient[] = [];
  const ports: (string | undefined)[] = [];
  try {
    for (let i = 0; i < 2; i++) {
      const client = nativeClient();
      clients.push(client);
      const { sdp } = await client.offer();
      const request = new Request("http://h/x/webrtc/offer", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ type: "offer", sdp, webrtc_id: `call-${i}` }),
      });
      const answer = (await (await transport.fetch(request, { address: "127.0.0.1" })).json()) as { sdp: string };
      ports.push(/^a=candidate:\S+ 1 UDP \d+ 127\.0\.0\.1 (\d+)/im.exec(answer.sdp)?.[1]);
      await client.accept(answer.sdp);
      await until(() => connections.length === i + 1);
    }
    expect(ports).toEqual([String(port), String(port + 1)]);
    expect(transport.load.map(({ calls }) => calls)).toEqual([1, 1]);
    for (const client of clients) client.send(JSON.stringify({ event: "ping" }));
    await until(() => clients.every(({ messages }) => messages.some((message) => String(message).includes("pong"))));
    const frame = { samples: new Int16Array(480).fill(1_000), sampleRate: 24_000, channels: 1, timestamp: 0 } as const;
    for (const connection of connections) for (let n = 0; n < 5; n++) connection.play("u", frame);
    await until(() => clients.every(({ rtp }) => rtp.length >= 5));
    await Promise.all(clients.map((client) => client.close()));
    await until(() => transport.size === 0);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await transport.close();
  }
}, 60_000);
