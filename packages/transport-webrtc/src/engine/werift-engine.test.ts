import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { silentLogger, type VoiceConnection } from "@roomkit/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { RTCDtlsTransport } from "werift";
import { acceptAll, type Started, speak, start as startServer } from "../harness.fixture.ts";
import { settle } from "../hostile/hostile.fixture.ts";
import { type IceOptions, WeriftEngine } from "../index.ts";
import { frameOf, sine, until } from "../testing.fixture.ts";

const running: Started[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const started of running.splice(0)) await started.stop();
});

async function start(ice: IceOptions): Promise<Started & { app: ReturnType<typeof acceptAll> }> {
  const engine = new WeriftEngine({ listenAddresses: ["127.0.0.1"], ...ice, logger: silentLogger });
  const started = await startServer({ engine });
  running.push(started);
  return { ...started, app: acceptAll(started.transport) };
}

const portsOf = (sdp: string | undefined): string[] => [
  ...new Set([...(sdp ?? "").matchAll(/udp \d+ (\S+ \d+) typ host/g)].map((m) => m[1] as string)),
];

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((entries) => entries?.some((entry) => entry.address === "::1"));
}

/** The first of `count` UDP ports in a row that nobody uses. */
async function freePorts(count: number): Promise<number> {
  const bind = (port: number): Promise<Socket | undefined> =>
    new Promise((resolve) => {
      const socket = createSocket("udp4");
      socket.once("error", () => resolve(undefined));
      socket.bind(port, "127.0.0.1", () => resolve(socket));
    });
  for (;;) {
    const one = (await bind(0)) as Socket;
    const first = one.address().port;
    const rest = await Promise.all(Array.from({ length: count - 1 }, (_, i) => bind(first + 1 + i)));
    for (const socket of [one, ...rest])
      if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
    if (rest.every((socket) => socket !== undefined)) return first;
  }
}

/** A line between a client and the server's `port` on which every datagram takes `ms`. */
async function slowLine(port: number, ms: number): Promise<{ readonly port: number; close(): void }> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const timers = new Set<NodeJS.Timeout>();
  let client = 0;
  socket.on("message", (data, from) => {
    if (from.port !== port) client = from.port;
    const to = from.port === port ? client : port;
    const timer = setTimeout(() => {
      timers.delete(timer);
      socket.send(data, to, "127.0.0.1");
    }, ms);
    timers.add(timer);
  });
  return {
    port: socket.address().port,
    close() {
      for (const timer of timers) clearTimeout(timer);
      socket.close();
    },
  };
}

/** Audio both ways, and a message. */
async function expectTalk(
  connection: VoiceConnection,
  caller: ReturnType<Started["client"]>,
  frames: () => number,
): Promise<void> {
  const heard = frames();
  await speak(caller, 100);
  await until(() => frames() >= heard + 5, "the caller's voice");
  connection.play(`u${caller.packets.length}`, frameOf(sine(24_000, 440, 100), 24_000));
  await until(() => caller.packets.length >= 5, "the answer");
  caller.send({ event: "ping" });
  await until(() => caller.messages.length > 0, "the pong");
}

describe("WeriftEngine", () => {
  it("serves every call on one UDP port", async () => {
    const port = await freePorts(1);
    const { app, client } = await start({ port });
    const callers = await Promise.all([client().connect(), client().connect(), client().connect()]);
    for (const caller of callers) expect(portsOf(caller.answer?.sdp)).toEqual([`127.0.0.1 ${port}`]);
    await until(() => app.connections.length === 3, "the callers");
    for (const caller of callers) {
      const connection = app.connections.find((c) => c.label === caller.id) as VoiceConnection;
      await expectTalk(connection, caller, () => app.frames.length);
    }
    await app.connections[0]?.close();
    const other = callers.find((c) => c.id !== app.connections[0]?.label);
    const pongs = other?.messages.length ?? 0;
    other?.send({ event: "ping" });
    await until(() => (other?.messages.length ?? 0) > pongs, "another's pong");
  });

  it("keeps to its range of ports, says so when it is used up, and uses ports again", async () => {
    const first = await freePorts(2);
    const { app, client, transport } = await start({ portRange: [first, first + 1] });
    const one = await client().connect();
    const two = await client().connect();
    const used = [one, two].flatMap((c) => portsOf(c.answer?.sdp)).sort();
    expect(used).toEqual([`127.0.0.1 ${first}`, `127.0.0.1 ${first + 1}`].sort());
    const third = client();
    const response = await third.post({ type: "offer", sdp: await third.offer(), webrtc_id: third.id });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: "failed", meta: { error: "no_free_port" } });
    await until(() => app.connections.length === 2, "the callers");
    await app.connections[0]?.close();
    await until(() => transport.size === 1, "the end");
    expect((await client().connect()).answer?.type).toBe("answer");
  });

  it("connects as an ICE-lite agent, which sends no checks of its own", async () => {
    const { app, client } = await start({ iceLite: true });
    const caller = await client().connect();
    expect(caller.answer?.sdp).toContain("a=ice-lite");
    await until(() => app.connections.length === 1, "the caller");
    await expectTalk(app.connections[0] as VoiceConnection, caller, () => app.frames.length);
  });

  it("answers a client that was done with the handshake first", async () => {
    const { client } = await start({});
    const caller = client();
    const association = (caller.pc.sctpTransport as unknown as { sctp: object }).sctp;
    const sent = vi.spyOn(
      Object.getPrototypeOf(association) as { sendChunk(chunk: { type: number }): unknown },
      "sendChunk",
    );
    // The association's INIT is there before the engine goes on from its handshake.
    const inits = (): number => sent.mock.calls.filter(([chunk]) => chunk.type === 1).length;
    const begin = RTCDtlsTransport.prototype.start;
    vi.spyOn(RTCDtlsTransport.prototype, "start").mockImplementation(async function (this: RTCDtlsTransport) {
      await begin.call(this);
      if (this.role === "server") await until(() => inits() > 0, "the INIT").then(() => settle());
    });
    await caller.connect();
    await until(() => caller.channel?.readyState === "open", "the channel");
    expect(inits()).toBe(1);
  });

  it("connects over a line so slow that every flight of the handshake is sent again", async () => {
    const { app, client } = await start({});
    const caller = client();
    const sdp = (await caller.offer()).replaceAll(/a=candidate.*\r\n/g, "");
    const answer = await (await caller.post({ sdp, type: "offer", webrtc_id: caller.id })).json();
    const [address] = portsOf(answer.sdp);
    const line = await slowLine(Number(address?.split(" ")[1]), 300);
    await caller.pc.setRemoteDescription({
      type: "answer",
      sdp: answer.sdp.replaceAll(`${address} typ host`, `127.0.0.1 ${line.port} typ host`),
    });
    await until(() => app.connections.length === 1 && caller.channel?.readyState === "open", "the caller");
    line.close();
  });

  it("tells of the addresses it was given to announce, instead of its own", async () => {
    const { client } = await start({ announcedAddresses: ["203.0.113.77"] });
    const caller = await client().connect();
    const [announced] = portsOf(caller.answer?.sdp);
    expect(announced).toMatch(/^203\.0\.113\.77 \d+$/);
    expect(caller.answer?.sdp).not.toContain("127.0.0.1 ");
  });

  it.skipIf(!hasIpv6())("talks over IPv6", async () => {
    const { app, client } = await start({ listenAddresses: ["::1"] });
    const caller = await client({ address: "::1" }).connect();
    expect(caller.answer?.sdp).toMatch(/a=candidate:1 1 udp \d+ ::1 \d+ typ host/);
    await until(() => app.connections.length === 1, "the caller");
    await expectTalk(app.connections[0] as VoiceConnection, caller, () => app.frames.length);
  });

  it("gives every call credentials long enough, and no two the same", async () => {
    const { client } = await start({});
    const sdps = (await Promise.all([client().connect(), client().connect()])).map((c) => c.answer?.sdp ?? "");
    const fragments = sdps.map((sdp) => /a=ice-ufrag:(\S+)/.exec(sdp)?.[1] ?? "");
    const passwords = sdps.map((sdp) => /a=ice-pwd:(\S+)/.exec(sdp)?.[1] ?? "");
    expect(new Set([...fragments, ...passwords]).size).toBe(4);
    for (const fragment of fragments) expect(fragment).toMatch(/^[A-Za-z0-9]{12}$/);
    for (const password of passwords) expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
  });

  it("refuses after its close, and closes what it has", async () => {
    const { app, client, transport, url } = await start({});
    const caller = await client().connect();
    await until(() => app.connections.length === 1, "the caller");
    await transport.close();
    expect(app.connections[0]?.closed).toBe(true);
    const response = await fetch(`${url}/webrtc/offer`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ type: "offer", sdp: caller.pc.localDescription?.sdp, webrtc_id: "late" }),
    });
    expect(response.status).toBe(503);
  });
});
