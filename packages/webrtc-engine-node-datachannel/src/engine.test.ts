import { silentLogger, type WebRTCPeer } from "@roomkit/core";
import { webrtcEngineConformance } from "@roomkit/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { changeCandidates } from "./answer.ts";
import { nativeClient, senderReport } from "./client.fixture.ts";
import { type NodeDataChannelEngine, nodeDataChannel } from "./engine.ts";
import { safe } from "./safe.ts";

describe("NodeDataChannelEngine as a WebRTC engine", () => {
  const engines: NodeDataChannelEngine[] = [];
  const open = (): NodeDataChannelEngine => {
    const engine = nodeDataChannel({ listenAddress: "127.0.0.1", logger: silentLogger });
    engines.push(engine);
    return engine;
  };
  const held = (): number => engines.reduce((sum, { size }) => sum + size, 0);
  for (const { name, run } of webrtcEngineConformance({ open, client: nativeClient, held })) it(name, run, 40_000);
});

describe("NodeDataChannelEngine", () => {
  it("refuses options that cannot be", () => {
    for (const options of [
      { listenAddress: "example.com" },
      { announcedAddress: "example.com" },
      { port: 0 },
      { port: 5_000, portRange: [5_000, 6_000] as const },
      { portRange: [6_000, 5_000] as const },
    ]) {
      expect(() => nodeDataChannel(options)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
    }
  });
});

describe("NodeDataChannelPeer", () => {
  const SSRC = 5;
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function call(streams = 1): Promise<{ peer: WebRTCPeer; client: ReturnType<typeof nativeClient> }> {
    const engine = nodeDataChannel({ listenAddress: "127.0.0.1", logger: silentLogger });
    const client = nativeClient({ channel: false });
    cleanups.push(
      () => engine.close(),
      () => client.close(),
    );
    const offer = await client.offer();
    const peer = await engine.accept(offer, {
      audio: { direction: "sendrecv", codecs: offer.audio?.codecs ?? [], ssrc: SSRC },
      loopback: true,
      limits: { dataChannels: 1, messageBytes: 1_000, bufferedBytes: 1_000, remoteAddresses: 8, streams },
    });
    const connected = new Promise<void>((resolve) => void peer.onConnected(resolve));
    await client.accept(peer.answer);
    await Promise.all([connected, client.opened]);
    return { peer, client };
  }

  it("tells a client that reports what was lost of its audio, and does not take RTCP for audio", async () => {
    const { peer, client } = await call();
    const heard: Uint8Array[] = [];
    peer.onRtp((packet) => heard.push(packet));
    for (const sequence of [1, 2, 4, 5]) {
      const packet = Buffer.alloc(16);
      packet.set([0x80, 111, 0, sequence]);
      client.sendRtp(packet);
    }
    await vi.waitFor(() => expect(heard.length).toBe(4), { timeout: 8_000 });
    const { received } = peer.stats;
    client.sendRtcp(senderReport(77, 123));
    client.sendRtcp(senderReport(78));
    const isReport = (packet: Buffer): boolean => packet[1] === 201 && packet.length === 32;
    await vi.waitFor(() => expect(client.rtcp.some(isReport)).toBe(true), { timeout: 8_000 });
    const report = client.rtcp.find(isReport) as Buffer;
    expect([4, 8, 16, 24].map((offset) => report.readUInt32BE(offset))).toEqual([SSRC, 77, 5, 123]);
    expect([report[12], report.readIntBE(13, 3)]).toEqual([51, 1]);
    await vi.waitFor(() => expect(peer.stats.received).toBeGreaterThanOrEqual(received + 2), { timeout: 8_000 });
    expect(heard.length).toBe(4);
    expect(client.rtcp.filter(isReport).length).toBe(1);
  }, 30_000);

  it("gives the packets of each new source, whatever they count from, and reports on each", async () => {
    const { peer, client } = await call(3);
    const heard: string[] = [];
    peer.onRtp((packet) => heard.push(`${packet[11]}:${Buffer.from(packet).readUInt16BE(2)}`));
    const sent: string[] = [];
    for (const [ssrc, first] of [
      [201, 40_000],
      [202, 3],
      [203, 65_534],
    ] as const) {
      for (let i = 0; i < 4; i++) {
        const packet = Buffer.alloc(20);
        packet.set([0x80, 111]);
        packet.writeUInt16BE((first + i) & 0xffff, 2);
        packet.writeUInt32BE(ssrc, 8);
        client.sendSource(packet);
        sent.push(`${ssrc}:${(first + i) & 0xffff}`);
      }
    }
    await vi.waitFor(() => expect(heard).toEqual(sent), { timeout: 8_000 });
    client.sendRtcp(senderReport(202));
    const report = await vi.waitFor(
      () =>
        client.rtcp.find((packet) => packet[1] === 201 && packet.length === 32) ?? Promise.reject(new Error("none")),
      { timeout: 8_000 },
    );
    expect([report.readUInt32BE(8), report[12], report.readUInt32BE(16)]).toEqual([202, 0, 6]);
  }, 30_000);
});

describe("changeCandidates", () => {
  const sdp = [
    "m=audio 9 x",
    "a=candidate:1 1 UDP 2114 192.0.2.2 5000 typ host",
    "a=candidate:2 1 UDP 2113 fd00::2 5000 typ host",
    "a=mid:0",
  ].join("\r\n");

  it("adds loopback at the same ports", () => {
    expect(changeCandidates(sdp, { loopback: true, announcedAddress: undefined })).toBe(
      sdp.replace(
        "typ host\r\na=candidate:2",
        "typ host\r\na=candidate:1l 1 udp 2114 127.0.0.1 5000 typ host\r\na=candidate:2",
      ),
    );
  });

  it("tells of one address only", () => {
    const changed = changeCandidates(sdp, { loopback: true, announcedAddress: "203.0.113.7" });
    expect(changed.match(/a=candidate.*/g)).toEqual(["a=candidate:1 1 udp 2114 203.0.113.7 5000 typ host"]);
  });

  it("changes nothing else", () => {
    expect(changeCandidates(sdp, { loopback: false, announcedAddress: undefined })).toBe(sdp);
  });
});

describe("safe", () => {
  it("lets nothing out, whoever throws", () => {
    const seen: unknown[] = [];
    safe(
      (error) => {
        seen.push(error);
        throw new Error("the logger");
      },
      () => {
        throw new Error("the listener");
      },
    )();
    expect(String(seen[0])).toContain("the listener");
  });
});
