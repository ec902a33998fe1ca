import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { readFileSync } from "node:fs";
import { opus } from "@roomkit/codec-opus";
import { silentLogger, type VoiceConnection } from "@roomkit/core";
import { WebRTCTransport } from "@roomkit/transport-webrtc";
import { afterEach, expect, it } from "vitest";
import { type NativeClient, nativeClient } from "./client.fixture.ts";
import { nodeDataChannel } from "./engine.ts";

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("it never came");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The first of two neighbouring UDP ports that are free, and that the system gives to nobody who does not ask for them. */
async function freePorts(): Promise<number> {
  const bind = (port: number): Promise<Socket | undefined> =>
    new Promise((resolve) => {
      const socket = createSocket("udp4");
      socket.once("error", () => resolve(undefined));
      socket.bind(port, "127.0.0.1", () => resolve(socket));
    });
  for (;;) {
    const port = randomInt(20_000, 30_000);
    const [first, second] = [await bind(port), await bind(port + 1)];
    first?.close();
    second?.close();
    if (first && second) return port;
  }
}

interface Server {
  readonly transport: WebRTCTransport;
  readonly port: number;
  readonly connections: readonly VoiceConnection[];
  /** A call of a new client; gives that and the server's UDP port. */
  call(id: string, more?: object): Promise<{ client: NativeClient; at: string | undefined }>;
}

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

/** A server whose media workers take one call each. */
async function serve(): Promise<Server> {
  const port = await freePorts();
  const transport = new WebRTCTransport({
    opus: opus(),
    engine: nodeDataChannel({ listenAddress: "127.0.0.1", port }),
    workers: { count: 2, calls: 1 },
    limits: { lagMs: 10_000, utilization: 1 },
    signalling: { allowAnonymous: true },
    logger: silentLogger,
  });
  ended.push(() => transport.close());
  await transport.warmUp();
  const connections: VoiceConnection[] = [];
  transport.onClientConnected(async (id) => {
    const base = { roomId: "r", participantId: "p", channelId: "c", state: "connecting" } as const;
    connections.push(await transport.accept({ ...base, id: `s-${id}`, metadata: {} }, id));
  });
  return {
    transport,
    port,
    connections,
    async call(id, more = {}) {
      const client = nativeClient();
      ended.push(() => client.close());
      const once = async (): Promise<{ type?: string; error?: string; sdp: string }> => {
        const { sdp } = await client.offer();
        const request = new Request("http://h/x/webrtc/offer", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ type: "offer", sdp, webrtc_id: id, ...more }),
        });
        return (await transport.fetch(request, { address: "127.0.0.1" })).json();
      };
      let answer = await once();
      // On a busy machine a new process may take longer to start than an offer waits: its client asks again.
      for (let again = 0; answer.error === "request_timeout" && again < 3; again++) answer = await once();
      expect(answer).toMatchObject({ type: "answer" });
      await client.accept(answer.sdp);
      return { client, at: /^a=candidate:\S+ 1 UDP \d+ 127\.0\.0\.1 (\d+)/im.exec(answer.sdp)?.[1] };
    },
  };
}

const said = ({ messages }: NativeClient): Record<string, unknown>[] =>
  messages.filter((message) => typeof message === "string").map((message) => JSON.parse(message));

/** Child processes of this one. */
const children = (): string[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean);

// This process has loaded the addon as well: what crashes when two threads of one process do must not here.
it("serves calls from media workers, each a process with a port of its own", async () => {
  const { transport, port, connections, call } = await serve();
  const frame = { samples: new Int16Array(480).fill(1_000), sampleRate: 24_000, channels: 1, timestamp: 0 } as const;
  const one = await call("one");
  await until(() => connections.length === 1);
  const two = await call("two");
  await until(() => connections.length === 2);
  expect([one.at, two.at]).toEqual([String(port), String(port + 1)]);
  expect(transport.load.map(({ calls }) => calls)).toEqual([1, 1]);
  const clients = [one.client, two.client];
  for (const client of clients) client.send(JSON.stringify({ event: "ping" }));
  await until(() => clients.every((client) => said(client).some(({ event }) => event === "pong")));
  for (const connection of connections) for (let n = 0; n < 5; n++) connection.play("u", frame);
  await until(() => clients.every(({ rtp }) => rtp.length >= 5));
  await Promise.all(clients.map((client) => client.close()));
  await until(() => transport.size === 0);
}, 60_000);

it("lets a v1 client go on with its session on another worker when its own was killed", async () => {
  const before = children();
  const { transport, connections, call } = await serve();
  const ready = (client: NativeClient): Record<string, unknown> | undefined =>
    said(client).find(({ event }) => event === "ready");
  const { client } = await call("one", { protocol: 1 });
  await until(() => ready(client) !== undefined);
  for (const pid of children().filter((each) => !before.includes(each))) process.kill(Number(pid), "SIGKILL");
  await until(() => transport.size === 0);
  expect(connections[0]?.closed).toBe(false);
  const again = (await call("again", { protocol: 1, resume: ready(client)?.resume })).client;
  await until(() => ready(again) !== undefined);
  expect(ready(again)).toMatchObject({ resumed: true, session: ready(client)?.session });
  expect([connections.length, connections[0]?.closed]).toEqual([1, false]);
}, 60_000);
