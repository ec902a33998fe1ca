import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { silentLogger, type WebRTCDataChannel, type WebRTCPeer } from "@roomkit/core";
import { settle, webrtcEngineConformance } from "@roomkit/testing";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { RTCDtlsTransport } from "werift";
import { type WeriftClient, weriftClient } from "./client.fixture.ts";
import { WeriftEngine, type WeriftEngineOptions, werift } from "./engine.ts";
import { UdpSocket } from "./net/udp-socket.ts";

// Real sockets and handshakes: seconds on a machine that is busy with other things.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });
const within = { timeout: 20_000, interval: 5 };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const limits = { dataChannels: 4, messageBytes: 16_384, bufferedBytes: 65_536, remoteAddresses: 32, streams: 4 };

function open(options: WeriftEngineOptions = {}): WeriftEngine {
  const engine = werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger, ...options });
  cleanups.push(() => engine.close());
  return engine;
}

/** Sockets that engines hold, and how many turns each takes to be bound, which a system may need and this one does not. */
const sockets = { open: 0, turns: 0 };
const bind = UdpSocket.bind.bind(UdpSocket);
UdpSocket.bind = async (...how) => {
  if (sockets.turns > 0) await settle(sockets.turns);
  const socket = await bind(...how);
  sockets.open++;
  const closed = once(async () => {
    await UdpSocket.prototype.close.call(socket);
    sockets.open--;
  });
  socket.close = closed;
  return socket;
};
afterAll(() => {
  UdpSocket.bind = bind;
});

function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => {
    made ??= { it: make() };
    return made.it;
  };
}

interface Call {
  readonly peer: WebRTCPeer;
  readonly client: WeriftClient;
  readonly channels: readonly WebRTCDataChannel[];
  readonly rtp: readonly Uint8Array[];
  readonly messages: readonly (string | Uint8Array)[];
}

/** A call of a new client, or of one that is there, from its offer on. */
async function call(
  engine: WeriftEngine,
  client: WeriftClient = weriftClient(),
  deliver = async (answer: string): Promise<string> => answer,
): Promise<Call> {
  cleanups.push(() => client.close());
  const offer = await client.offer();
  const audio = { direction: "sendrecv", codecs: offer.audio?.codecs ?? [], ssrc: 5 } as const;
  const peer = await engine.accept(offer, { audio, loopback: true, limits });
  const made = { peer, client, channels: [], rtp: [], messages: [] } as {
    [Key in keyof Call]: Call[Key] extends readonly (infer Item)[] ? Item[] : Call[Key];
  };
  peer.onRtp((packet) => made.rtp.push(packet));
  peer.onDataChannel((channel) => {
    made.channels.push(channel);
    channel.onMessage((message) => made.messages.push(message));
  });
  await client.accept(await deliver(peer.answer));
  return made;
}

/** Audio and a message, both ways. */
async function expectTalk({ peer, client, channels, rtp, messages }: Call): Promise<void> {
  const packet = Buffer.from("806f000100000001000000050102", "hex");
  packet.writeUInt16BE(rtp.length + 1, 2);
  const [heard, said, read, written] = [rtp.length, client.rtp.length, messages.length, client.messages.length];
  client.sendRtp(packet);
  client.send("hello");
  await vi.waitFor(() => expect([rtp.length, messages.length]).toEqual([heard + 1, read + 1]), within);
  expect([peer.sendRtp(packet), channels[0]?.send("hello")]).toEqual([true, true]);
  await vi.waitFor(() => expect([client.rtp.length, client.messages.length]).toEqual([said + 1, written + 1]), within);
}

/** Chunks that end an association (RFC 9260, 3.3.7, 3.3.8 and 3.3.13). */
const abort = Buffer.from("06000004", "hex");
const shutdown = Buffer.from("0700000800000000", "hex");
const shutdownComplete = Buffer.from("0e000004", "hex");

const portsOf = (sdp: string): string[] => [
  ...new Set([...sdp.matchAll(/udp \d+ (\S+ \d+) typ host/g)].map((m) => m[1] as string)),
];

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

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
async function slowLine(port: number, ms: number): Promise<number> {
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
  cleanups.push(() => {
    for (const timer of timers) clearTimeout(timer);
    socket.close();
  });
  return socket.address().port;
}

describe("WeriftEngine as a WebRTC engine", () => {
  const openEngine = (): WeriftEngine => werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger });
  const held = (): number => sockets.open;
  for (const { name, run } of webrtcEngineConformance({ open: openEngine, client: weriftClient, held }))
    it(name, run, 40_000);
});

describe("WeriftEngine", () => {
  it("serves every call on one UDP port", async () => {
    const port = await freePorts(1);
    const engine = open({ port });
    const calls = await Promise.all([call(engine), call(engine), call(engine)]);
    for (const { peer } of calls) expect(portsOf(peer.answer)).toEqual([`127.0.0.1 ${port}`]);
    for (const each of calls) await expectTalk(each);
    await calls[0]?.peer.close();
    await expectTalk(calls[1] as Call);
  });

  it.each([
    ["a socket for each connection", undefined],
    ["one socket for all", 1],
  ])("closes while it binds, %s, and leaves none open", async (_name, shared) => {
    const listenAddresses = Array.from({ length: 12 }, (_, i) => `127.0.0.${i + 1}`);
    const client = weriftClient();
    const offer = await client.offer();
    await client.close();
    const audio = { direction: "sendrecv", codecs: offer.audio?.codecs ?? [], ssrc: 5 } as const;
    sockets.turns = 10;
    cleanups.push(() => {
      sockets.turns = 0;
    });
    let most = 0;
    for (const turns of [0, 1, 4, 9, 12, 25, 60, 150]) {
      const port = shared && (await freePorts(1));
      const engine = open({ listenAddresses, ...(port === undefined ? {} : { port }) });
      await engine.warmUp();
      const accepting = engine.accept(offer, { audio, loopback: true, limits });
      const outcome = accepting.then(
        (peer) => () => peer.state,
        ({ code }) =>
          () =>
            code,
      );
      if (turns > 0) await settle(turns);
      most = Math.max(most, sockets.open);
      await Promise.all([engine.close(), engine.close()]);
      expect([turns, sockets.open]).toEqual([turns, 0]);
      // The code of a refusal, or the state of what was accepted in time.
      expect((await outcome)()).toBe("closed");
      await settle(20);
      expect([turns, sockets.open, engine.size]).toEqual([turns, 0, 0]);
    }
    expect(most).toBe(listenAddresses.length);
  });

  it("keeps to its range of ports, says so when it is used up, and uses ports again", async () => {
    const first = await freePorts(2);
    const engine = open({ portRange: [first, first + 1] });
    const [one, two] = [await call(engine), await call(engine)];
    const used = [one, two].flatMap(({ peer }) => portsOf(peer.answer)).sort();
    expect(used).toEqual([`127.0.0.1 ${first}`, `127.0.0.1 ${first + 1}`].sort());
    await expect(call(engine)).rejects.toMatchObject({ code: "no_free_port", retryable: true });
    expect(engine.size).toBe(2);
    await one.peer.close();
    await expectTalk(await call(engine));
  });

  it("connects as an ICE-lite agent, which sends no checks of its own", async () => {
    const made = await call(open({ iceLite: true }));
    expect(made.peer.answer).toContain("a=ice-lite");
    await expectTalk(made);
  });

  it.each([
    ["aborts", [abort]],
    ["shuts down", [shutdown]],
    ["shuts down, and says at once that it is done", [shutdown, shutdownComplete]],
    ["shuts down and then aborts", [shutdown, abort]],
    ["shuts down twice", [shutdown, shutdown]],
  ])("ends with the association of a client that %s", async (_, chunks) => {
    const made = await call(open());
    await expectTalk(made);
    const { peer, client } = made;
    const reasons: string[] = [];
    peer.onClosed(({ code }) => reasons.push(code));
    const { sctp } = client.pc.sctpTransport as unknown as { sctp: { sendChunk(chunk: object): Promise<void> } };
    client.send("last words");
    await Promise.all(chunks.map((bytes) => sctp.sendChunk({ bytes })));
    // Sooner than werift's timer, which gives an end up that is not answered.
    await vi.waitFor(() => expect(reasons).toEqual(["client_closed"]), { timeout: 8_000, interval: 5 });
    expect(made.messages).toEqual(["hello", "last words"]);
    expect(made.channels.map(({ closed }) => closed)).toEqual([true]);
  });

  it("answers a client that was done with the handshake first", async () => {
    const client = weriftClient();
    await client.offer();
    const association = (client.pc.sctpTransport as unknown as { sctp: object }).sctp;
    const sent = vi.spyOn(
      Object.getPrototypeOf(association) as { sendChunk(chunk: { type: number }): unknown },
      "sendChunk",
    );
    // The association's INIT is there before the engine goes on from its handshake.
    const inits = (): number => sent.mock.calls.filter(([chunk]) => chunk.type === 1).length;
    const begin = RTCDtlsTransport.prototype.start;
    vi.spyOn(RTCDtlsTransport.prototype, "start").mockImplementation(async function (this: RTCDtlsTransport) {
      await begin.call(this);
      if (this.role !== "server") return;
      await vi.waitFor(() => expect(inits()).toBeGreaterThan(0), within);
      await new Promise((resolve) => setTimeout(resolve, 60));
    });
    const { channels } = await call(open(), client);
    await vi.waitFor(() => expect(channels.length).toBe(1), within);
    expect(inits()).toBe(1);
  });

  it("connects over a line so slow that every flight of the handshake is sent again", async () => {
    const client = weriftClient();
    // The server knows no address of its client and learns that of the line.
    const offer = client.offer.bind(client);
    client.offer = async () => ({ ...(await offer()), candidates: [] });
    const made = await call(open(), client, async (answer) => {
      const [address = ""] = portsOf(answer);
      return answer.replaceAll(address, `127.0.0.1 ${await slowLine(Number(address.split(" ")[1]), 300)}`);
    });
    await vi.waitFor(() => expect(made.channels.length).toBe(1), within);
    await expectTalk(made);
  });

  it("tells of the addresses it was given to announce, instead of its own", async () => {
    const { peer } = await call(open({ announcedAddresses: ["203.0.113.77"] }));
    expect(portsOf(peer.answer)).toEqual([expect.stringMatching(/^203\.0\.113\.77 \d+$/)]);
    expect(peer.answer).not.toContain("127.0.0.1 ");
  });

  it.skipIf(!hasIpv6)("talks over IPv6", async () => {
    const made = await call(open({ listenAddresses: ["::1"] }), weriftClient("::1"));
    expect(made.peer.answer).toMatch(/a=candidate:1 1 udp \d+ ::1 \d+ typ host/);
    await expectTalk(made);
  });

  it("gives every call credentials long enough, and no two the same", async () => {
    const engine = open();
    const answers = (await Promise.all([call(engine), call(engine)])).map(({ peer }) => peer.answer);
    const fragments = answers.map((sdp) => /a=ice-ufrag:(\S+)/.exec(sdp)?.[1] ?? "");
    const passwords = answers.map((sdp) => /a=ice-pwd:(\S+)/.exec(sdp)?.[1] ?? "");
    expect(new Set([...fragments, ...passwords]).size).toBe(4);
    for (const fragment of fragments) expect(fragment).toMatch(/^[A-Za-z0-9]{12}$/);
    for (const password of passwords) expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
  });

  it.each<WeriftEngineOptions>([
    { port: -1 },
    { port: 65_536 },
    { port: 5, portRange: [5, 10] },
    { portRange: [10, 5] },
    { listenAddresses: [] },
    { listenAddresses: ["example.com"] },
    { announcedAddresses: ["203.0.113.1"] },
    { listenAddresses: ["127.0.0.1"], announcedAddresses: ["::1"] },
  ])("refuses %j", (options) => {
    expect(() => werift(options)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
  });

  it("tells each media worker how to make one like it, each on a port of its own", async () => {
    const recipe = werift({ listenAddresses: ["127.0.0.1"], port: 40_000, logger: silentLogger }).recipe(2);
    expect(recipe).toMatchObject({ name: "werift", options: { listenAddresses: ["127.0.0.1"], port: 40_002 } });
    expect(structuredClone(recipe.options)).toEqual(recipe.options);
    const made = (await import(recipe.module))[recipe.name](recipe.options);
    expect(made).toBeInstanceOf(WeriftEngine);
    expect(werift({ portRange: [40_000, 40_010] }).recipe(2).options).toEqual({ portRange: [40_000, 40_010] });
    const last = werift({ port: 65_535 });
    expect(() => last.recipe(1)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
  });
});
