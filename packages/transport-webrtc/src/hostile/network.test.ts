import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { dtlsRecord, stunMessage } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chromeOffer } from "../sdp/chrome-offer.fixture.ts";
import { until } from "../testing.fixture.ts";
import { Attacker, type Scene, scene, settle, udpPortOf } from "./hostile.fixture.ts";

describe("hostile datagrams", () => {
  let s: Scene;
  let attacker: Attacker;

  beforeEach(async () => {
    s = await scene();
    attacker = await Attacker.open(20);
  });
  afterEach(async () => {
    await s.expectUndisturbed();
    await attacker.close();
    await s.stop();
  });

  it("survives noise that looks like any of the protocols", async () => {
    const { client, connection, ended } = await s.caller();
    const port = udpPortOf(client.answer?.sdp);
    const dropped = (): number =>
      Object.values(s.transport.statsOf(connection.id)?.peer.dropped ?? {}).reduce((a, b) => a + b, 0);
    // Until it has seen so many: the system loses some of them on the way to a busy thread.
    for (let i = 0; dropped() < 2_000; i++) {
      const data = randomBytes(1 + (i % 200));
      data[0] = [0, 1, 2, 20, 21, 22, 23, 63, 64, 128, 144, 191, 255][i % 13] as number;
      if (i % 2 === 0 && data.length > 8) data.writeUInt32BE(0x2112_a442, 4);
      await attacker.send(data, port, i);
      if (i % 50 === 0) await settle(1);
    }
    await settle();
    expect(attacker.answers).toEqual([]);
    expect(ended()).toBeUndefined();
  });

  it("answers no STUN request that does not prove our credentials, and learns no address from it", async () => {
    const { client, connection } = await s.caller();
    const sdp = client.answer?.sdp ?? "";
    const port = udpPortOf(sdp);
    const fragment = /a=ice-ufrag:(\S+)/.exec(sdp)?.[1] as string;
    const theirs = /a=ice-ufrag:(\S+)/.exec(client.pc.localDescription?.sdp ?? "")?.[1] as string;
    const before = s.transport.statsOf(connection.id)?.peer.remoteAddresses;
    const dropped = (): number => s.transport.statsOf(connection.id)?.peer.dropped.stun_unauthenticated ?? 0;
    for (let i = 0; i < 400; i++) {
      // No more at once than a socket holds.
      if (i % 100 === 0) await until(() => dropped() === i, "the drops");
      await attacker.send(
        stunMessage({
          nominate: i % 2 === 0,
          ...(i % 3 === 0 ? {} : { username: `${fragment}:${theirs}` }),
          ...(i % 3 === 2 ? { password: "guessed" } : {}),
        }),
        port,
        i,
      );
    }
    await until(() => dropped() >= 400, "the drops");
    expect(attacker.answers).toEqual([]);
    expect(s.transport.statsOf(connection.id)?.peer.remoteAddresses).toBe(before);
    expect(dropped()).toBe(400);
  });

  it("is not ended by a forged alert, and begins no handshake with a stranger", async () => {
    const { client, ended } = await s.caller();
    const port = udpPortOf(client.answer?.sdp);
    const hello = dtlsRecord(
      22,
      0,
      Buffer.concat([Buffer.of(1, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 60), randomBytes(60)]),
      0xfeff,
    );
    for (let i = 0; i < 20; i++) {
      await attacker.send(Buffer.from("15fefd000000000000000900020100", "hex"), port, i);
      await attacker.send(dtlsRecord(30, 0, randomBytes(5)), port, i);
      await attacker.send(hello, port, i);
    }
    await settle();
    expect(attacker.answers).toEqual([]);
    expect(ended()).toBeUndefined();
    const pongs = client.messages.length;
    client.send({ event: "ping" });
    await until(() => client.messages.length > pongs, "a pong");
  });

  it("is not ended by an alert in plain text even from the client's own address", async () => {
    const { client, ended } = await s.caller();
    const [dtls] = client.pc.dtlsTransports;
    const connection = dtls?.iceTransport.connection as unknown as { send(data: Buffer): Promise<void> };
    await connection.send(Buffer.from("15fefd000000000000000900020100", "hex"));
    await connection.send(
      dtlsRecord(22, 0, Buffer.concat([Buffer.of(1, 0, 0, 60, 0, 9, 0, 0, 0, 0, 0, 60), randomBytes(60)])),
    );
    await settle();
    expect(ended()).toBeUndefined();
    const pongs = client.messages.length;
    client.send({ event: "ping" });
    await until(() => client.messages.length > pongs, "a pong");
  });

  it("sends to few of a thousand candidates, and to none of forbidden addresses", async () => {
    const trap = createSocket("udp4");
    let hits = 0;
    trap.on("message", () => hits++);
    await new Promise<void>((resolve) => trap.bind(0, "127.0.0.1", resolve));
    const { client, ended } = await s.caller();
    for (let i = 0; i < 100; i++) {
      const text = `candidate:${i} 1 udp 1 127.0.0.1 ${trap.address().port} typ host`;
      const response = await client.post({
        type: "ice-candidate",
        webrtc_id: client.id,
        candidate: { candidate: text, sdpMid: "0" },
      });
      expect(response.status).toBe(200);
    }
    await settle(300);
    // Nothing more is tried once a pair works; before that 20 candidates of 5 packets at most.
    expect(hits).toBeLessThanOrEqual(100);
    expect(ended()).toBeUndefined();
    trap.close();
  });
});

describe("offers that go nowhere", () => {
  it("are given up: sockets, timers and names are free again", async () => {
    const s = await scene({ limits: { connectTimeoutMs: 300 } });
    const ports: number[] = [];
    for (let i = 0; i < 5; i++) {
      const response = await fetch(`${s.url}/webrtc/offer`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ type: "offer", sdp: chromeOffer, webrtc_id: `silent${i}` }),
      });
      ports.push(udpPortOf(((await response.json()) as { sdp: string }).sdp));
    }
    expect(s.transport.load[0]?.calls).toBe(6);
    await until(() => s.transport.load[0]?.calls === 1, "the end of the silent ones");
    expect(s.transport.size).toBe(1);
    for (const port of ports) {
      const socket = createSocket("udp4");
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind(port, "127.0.0.1", resolve);
      });
      socket.close();
    }
    await s.expectUndisturbed();
    await s.stop();
  });

  it("fail when the certificate is not the one the offer named", async () => {
    const s = await scene();
    const client = s.client();
    const sdp = await client.offer();
    const forged = sdp.replaceAll(/(a=fingerprint:sha-256 )(..):(..)/g, (_, head: string, a: string, b: string) =>
      a === b ? `${head}00:${a === "00" ? "01" : b}` : `${head}${b}:${a}`,
    );
    expect(forged).not.toBe(sdp);
    const answer = (await (await client.post({ type: "offer", sdp: forged, webrtc_id: client.id })).json()) as {
      sdp: string;
    };
    expect(s.transport.load[0]?.calls).toBe(2);
    await client.pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    await until(() => s.transport.load[0]?.calls === 1, "the end");
    expect(s.app.connections.length).toBe(1);
    await s.expectUndisturbed();
    await s.stop();
  });
});
