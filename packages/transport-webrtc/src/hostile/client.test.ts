import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RtpHeader } from "werift";
import { places } from "../harness.fixture.ts";
import { frameOf, sine, until } from "../testing.fixture.ts";
import { internals, type Scene, scene, settle } from "./hostile.fixture.ts";

describe.each(places)("hostile clients, with media on %s", (_, place) => {
  let s: Scene;

  // One server for all of them: whatever was done to it, the witness talks on.
  beforeAll(async () => {
    s = await scene(place);
  }, 90_000);
  afterEach(() => s.expectUndisturbed());
  afterAll(() => s.stop());

  const statsOf = (id: string): NonNullable<ReturnType<Scene["transport"]["statsOf"]>> => {
    const stats = s.transport.statsOf(id);
    if (!stats) throw new Error("the connection is gone");
    return stats;
  };

  it("hears no packet twice, none that was altered, and none cut short", async () => {
    const { client, connection, ended } = await s.caller();
    const { ice } = internals(client);
    const sent: Buffer[] = [];
    const send = ice.send;
    ice.send = async (data) => {
      if ((data[0] as number) >= 128) sent.push(Buffer.from(data));
      await send(data);
    };
    for (let i = 0; i < 20; i++) client.sendRtp(Buffer.of(0xf8, 0xff, 0xfe));
    await until(() => statsOf(connection.id).peer.rtpReceived === 20, "the packets");
    await until(() => connection.quality?.inbound?.received === 20, "their count, as an operator is shown it");
    for (const packet of sent) await send(packet);
    for (const packet of sent) {
      const altered = Buffer.from(packet);
      altered.writeUInt16BE((altered.readUInt16BE(2) + 100) & 0xffff, 2);
      await send(altered);
      await send(packet.subarray(0, 20));
    }
    await until(() => (statsOf(connection.id).peer.dropped.srtp_malformed ?? 0) >= 20, "the last of them");
    const { peer } = statsOf(connection.id);
    expect(peer.rtpReceived).toBe(20);
    expect(connection.quality?.inbound).toMatchObject({ received: 20, lost: 0, jitterMs: expect.any(Number) });
    expect(peer.dropped).toMatchObject({ srtp_replay: 20, srtp_unauthentic: 20, srtp_malformed: 20 });
    expect(ended()).toBeUndefined();
  });

  it("keeps no state for a thousand streams", async () => {
    const { client, connection } = await s.caller();
    const { dtls } = internals(client);
    const began = performance.now();
    // More, when the system loses some of them on the way.
    const refused = (): number => statsOf(connection.id).peer.dropped.srtp_too_many_streams ?? 0;
    for (let ssrc = 10_000; refused() < 900; ssrc++) {
      const header = new RtpHeader({ payloadType: 111, sequenceNumber: 1, timestamp: 1, ssrc });
      await dtls.sendRtp(Buffer.of(0xf8, 0xff, 0xfe), header);
      if (ssrc % 50 === 0) await settle(1);
    }
    // A stream that has been silent for 2 s makes room for another.
    const turns = 1 + Math.ceil((performance.now() - began) / 2_000);
    expect(statsOf(connection.id).peer.rtpReceived).toBeLessThanOrEqual(4 * turns);
  });

  it("is not fed faster than a person speaks", async () => {
    const { client, ended } = await s.caller();
    const before = s.app.frames.length;
    // 120 ms a packet: code 3 with six frames of 20 ms, all empty.
    const long = Buffer.of(0xfb, 0x06);
    for (let i = 0; i < 200 && !ended(); i++) {
      client.sendRtp(long);
      if (i % 20 === 0) await settle(1);
    }
    await settle();
    const heardMs = s.app.frames.slice(before).reduce((ms, f) => ms + (f.samples.length * 1000) / f.sampleRate, 0);
    expect(heardMs).toBeLessThan(8_000);
  });

  it("survives packets of garbage that are authentic", async () => {
    const { client, connection, ended } = await s.caller();
    for (let i = 0; i < 300; i++) {
      client.sendRtp(randomBytes(1 + (i % 200)), { payloadType: i % 128 });
      // No more at once than a socket holds.
      if (i % 50 === 49) await until(() => statsOf(connection.id).peer.rtpReceived > i, "the packets");
    }
    expect(ended()).toBeUndefined();
  });

  it("survives malformed SCTP and channel messages that make no sense", async () => {
    const { client, ended } = await s.caller();
    const { dtls, sctp } = internals(client);
    for (let i = 0; i < 200; i++) await dtls.sendData(randomBytes(i % 64));
    // With our association's ports and tag, so that they are looked at.
    const common = (tag: number): Buffer => {
      const head = Buffer.alloc(12);
      head.writeUInt16BE(5_000, 0);
      head.writeUInt16BE(5_000, 2);
      head.writeUInt32BE(tag >>> 0, 4);
      return head;
    };
    for (let type = 0; type < 256; type++) {
      await dtls.sendData(
        Buffer.concat([common(sctp.remoteVerificationTag), Buffer.of(type, 0xff, 0, 8), randomBytes(4)]),
      );
      await dtls.sendData(Buffer.concat([common(sctp.remoteVerificationTag), Buffer.of(type, 0, 0xff, 0xff)]));
    }
    for (const ppid of [0, 1, 50, 52, 54, 99, 0xffff_ffff])
      await sctp.send(0, ppid, Buffer.from("?"), { ordered: true });
    // An acknowledgement for a channel that never was, and openings that are cut short or lie about their lengths.
    await sctp.send(900, 50, Buffer.of(2), { ordered: true });
    await sctp.send(902, 50, Buffer.of(3, 0, 0), { ordered: true });
    await sctp.send(
      904,
      50,
      Buffer.concat([Buffer.of(3, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), Buffer.from("x")]),
      { ordered: true },
    );
    await sctp.send(906, 51, Buffer.from("to nobody"), { ordered: true });
    await settle();
    expect(ended()).toBeUndefined();
    const pongs = client.messages.length;
    client.send({ event: "ping" });
    await until(() => client.messages.length > pongs, "a pong");
  });

  it("gets no more channels than it may, and none with an endless name", async () => {
    const { client, connection, ended } = await s.caller();
    const labels: string[] = [];
    client.pc.createDataChannel("x".repeat(60_000));
    for (let i = 0; i < 300; i++) {
      const channel = client.pc.createDataChannel(`c${i}`);
      channel.stateChanged.subscribe((state) => {
        if (state === "open") labels.push(channel.label);
      });
    }
    await until(() => (statsOf(connection.id).peer.dropped.too_many_channels ?? 0) > 0, "the refusals");
    await settle(500);
    expect(labels.length).toBeLessThanOrEqual(4);
    await until(() => statsOf(connection.id).peer.dropped.dcep_malformed === 1, "the endless name");
    expect(ended()).toBeUndefined();
  });

  it("is ended when it sends a message too large, or one that never ends", async () => {
    const one = await s.caller();
    internals(one.client);
    one.client.channel?.send(Buffer.alloc(300_000));
    await until(() => one.ended() !== undefined, "the end");
    expect(one.ended()?.code).toBe("protocol_error");
    const two = await s.caller();
    const { sctp } = internals(two.client);
    const chunk = (flags: number): object => ({
      type: 0,
      flags,
      get bytes(): Buffer {
        const body = Buffer.alloc(16 + 1_000);
        body.writeUInt8(0, 0);
        body.writeUInt8(flags, 1);
        body.writeUInt16BE(body.length, 2);
        body.writeUInt32BE(sctp.localTsn >>> 0, 4);
        sctp.localTsn = (sctp.localTsn + 1) >>> 0;
        body.writeUInt32BE(51, 12);
        return body;
      },
    });
    await sctp.sendChunk(chunk(2));
    for (let i = 0; i < 2_000 && !two.ended(); i++) {
      await sctp.sendChunk(chunk(0));
      if (i % 50 === 0) await settle(1);
    }
    await until(() => two.ended() !== undefined, "the end");
    expect(two.ended()?.code).toBe("protocol_error");
  });

  it("is ended when it floods with rubbish", async () => {
    const one = await s.caller();
    for (let i = 0; i < 40; i++) one.client.send("rubbish");
    await until(() => one.ended() !== undefined, "the end");
    expect(one.ended()?.code).toBe("protocol_error");
  });
});

describe.each(places)("a client that asks without end, with media on %s", (_, place) => {
  it("is answered as often as it may ask, and ended when it goes on", async () => {
    const s = await scene({ ...place, limits: { messageBurst: 200, messagesPerSecond: 10, overloadMs: 100 } });
    const { client, ended } = await s.caller();
    for (let i = 0; i < 200; i++) client.send({ event: "ping" });
    await until(() => client.messages.length === 200, "the answers");
    while (!ended()) {
      for (let i = 0; i < 5; i++) client.send({ event: "ping" });
      await settle(1);
    }
    expect(ended()?.code).toBe("rate_limited");
    await s.expectUndisturbed();
    await s.stop();
  });
});

describe.each(places)("a client that never reads, with media on %s", (_, place) => {
  it("costs no more than its buffers", async () => {
    const s = await scene(place);
    const { client, connection, ended } = await s.caller();
    // It acknowledges nothing any more.
    internals(client).sctp.handleData = async () => {};
    for (let i = 0; i < 3_000; i++)
      connection.send({
        type: "transcript",
        id: `t${i}`,
        role: "user",
        text: "x".repeat(1_000),
        final: true,
        revision: 0,
      });
    const stats = s.transport.statsOf(connection.id);
    expect(stats?.messagesDropped).toBeGreaterThan(2_500);
    connection.play("u", frameOf(sine(24_000, 440, 20_000), 24_000));
    expect(connection.queuedMs).toBeLessThanOrEqual(20_000);
    expect(ended()).toBeUndefined();
    await s.expectUndisturbed();
    await s.stop();
  });
});
