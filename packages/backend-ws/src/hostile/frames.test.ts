import { encodeAudioFrame, encodeBase64 } from "@roomkit/protocol";
import { VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import { Client, tone, until } from "../rig.fixture.ts";
import { type Arena, live, startArena } from "./arena.fixture.ts";
import { frame, handshake, openRaw, Raw } from "./raw.fixture.ts";

let arena: Arena;
afterEach(async () => {
  await arena.end();
});

const start = frame(1, JSON.stringify({ event: "start", websocket_id: "raw" }));

describe("frames that break RFC 6455, before and after start", () => {
  const rows: [string, Uint8Array, number][] = [
    ["row 15: unmasked", frame(1, "{}", { mask: false }), 1002],
    ["row 15: RSV1", frame(1, "{}", { rsv: 4 }), 1002],
    ["row 15: opcode 3", frame(3, "{}"), 1002],
    ["row 15: a fragmented ping", frame(9, "x", { fin: false }), 1002],
    ["row 15: a ping of 126 bytes", frame(9, "x".repeat(126)), 1002],
    ["row 15: an orphan continuation", frame(0, "x"), 1002],
    ["row 15: close 1005", frame(8, Uint8Array.of(0x03, 0xed)), 1002],
    ["row 16: invalid UTF-8", frame(1, Uint8Array.of(0xff, 0xfe)), 1007],
    ["row 17: 1 MiB declared", frame(2, "", { length: 1_048_576n }), 1009],
    ["row 17: 2^63 declared", frame(2, "", { length: 2n ** 63n - 1n }), 1009],
    [
      "row 18: 70,000 fragments",
      Buffer.concat([
        frame(1, "a", { fin: false }),
        ...Array.from({ length: 70_000 }, () => frame(0, "a", { fin: false })),
      ]),
      1008,
    ],
    ["row 20: raw HTTP after 101", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 1002],
    ["row 21: a compressed frame", frame(1, Uint8Array.of(0xaa, 0x56, 0x4a), { rsv: 4 }), 1002],
  ];
  it.each(rows)("%s", async (_what, bytes, code) => {
    arena = await startArena();
    for (const first of [Buffer.alloc(0), start]) {
      const before = arena.strangers();
      const raw = await openRaw(arena.port);
      raw.write(first);
      if (first.length > 0) await until(() => arena.strangers() === before + 1, "a session");
      raw.write(bytes);
      await until(() => raw.closeCode !== undefined || raw.closed, "a close");
      expect(raw.closeCode).toBe(code);
      raw.socket.destroy();
      await until(() => arena.rig.backend.counts.sockets === 1, "the end of the socket");
    }
  });

  it("row 21: compression is never agreed to", async () => {
    arena = await startArena();
    const raw = new Raw(arena.port);
    raw.write(handshake({ headers: ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"] }));
    await until(() => raw.text.includes("\r\n\r\n"));
    expect(raw.status).toBe(101);
    expect(raw.text.toLowerCase()).not.toContain("deflate");
    raw.socket.destroy();
  });

  it("row 19: a flood of pings from somebody who reads no pongs ends that connection", async () => {
    arena = await startArena();
    const raw = await openRaw(arena.port);
    raw.socket.pause();
    const pings = Buffer.concat(Array.from({ length: 10_000 }, () => frame(9, "x".repeat(125))));
    const flood = (): void => {
      if (raw.socket.destroyed) return;
      if (raw.socket.write(pings)) setImmediate(flood);
      else raw.socket.once("drain", flood);
    };
    flood();
    await until(() => arena.rig.backend.counts.sockets === 1, "the end of the flood");
    raw.socket.destroy();
  });
});

describe("row 19: a flood of pings from somebody who does read", () => {
  it("is counted as messages, and closed", async () => {
    const clock = new VirtualClock({ turns: 20 });
    arena = await startArena({ backend: { clock, heartbeatMs: 1e9, idleTimeoutMs: 1e9, startTimeoutMs: 1e9 } });
    const raw = await openRaw(arena.port);
    // Few enough at once for the library not to cut the connection before the guard closes it.
    for (let ms = 0; ms < 6_000 && raw.closeCode === undefined; ms += 40) {
      raw.write(Buffer.concat(Array.from({ length: 40 }, () => frame(9, ""))));
      await new Promise((resolve) => setTimeout(resolve, 5));
      await clock.advance(40);
    }
    expect(raw.closeCode).toBe(1008);
    raw.socket.destroy();
  });
});

describe("row 22: a cable that was pulled", () => {
  it("is noticed within 30 s, and the session ends once", async () => {
    const clock = new VirtualClock({ turns: 20 });
    arena = await startArena({ backend: { clock } });
    const raw = await openRaw(arena.port);
    raw.write(start);
    await until(() => arena.strangers() === 1);
    // It reads, but answers nothing; the witness's client answers pings by itself.
    await clock.advance(15_000);
    await until(() => raw.received.includes(Buffer.from([0x89, 0])), "a ping");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(arena.rig.ended).toHaveLength(0);
    await clock.advance(14_999);
    await until(() => true);
    await clock.advance(1);
    await until(() => arena.rig.ended.length === 1, "the end of the session");
    expect(arena.rig.ended[0]?.reason.code).toBe("client_lost");
    await until(() => raw.closed);
  });
});

describe("row 23: a client that never reads", () => {
  it("is closed with 1013 when even control messages pile up; its buffer stays bounded", async () => {
    arena = await startArena();
    const { client, connection, index } = await live(arena, "deaf", { protocol: 1 });
    client.socket.pause();
    const payload = "x".repeat(60_000);
    let sent = 0;
    await until(() => {
      connection.send({ type: "data", name: "big", payload });
      sent++;
      return connection.closed;
    }, "the end of the connection");
    expect(sent).toBeLessThan(2_000);
    const { session } = arena.rig.ready[index] as { session: { id: string } };
    expect(arena.rig.ended.find((each) => each.session.id === session.id)?.reason.code).toBe("slow_consumer");
    client.socket.resume();
    await until(() => client.closed !== undefined);
    expect(client.closed).toEqual({ code: 1013, reason: "slow_consumer" });
  });
});

describe("row 24: ten times real time", () => {
  it("is dropped, told, and after three seconds closed", async () => {
    const clock = new VirtualClock({ turns: 20 });
    arena = await startArena({ backend: { clock, heartbeatMs: 1_000_000 } });
    const { client, index } = await live(arena, "fast");
    const { heard } = arena.rig.ready[index] as { heard: { samples: Int16Array }[] };
    const media = { event: "media", media: { payload: encodeBase64(new Uint8Array(960)) } };
    let warned = 0;
    let seconds = 0;
    while (client.closed === undefined && seconds < 20) {
      // 100 ms of time, a second of audio.
      for (let i = 0; i < 50; i++) client.say(media);
      client.say({ event: "ping" });
      await new Promise((resolve) => setTimeout(resolve, 5));
      await clock.advance(100);
      seconds += 0.1;
      warned = client.of("error").length;
    }
    expect(client.closed).toEqual({ code: 1008, reason: "rate_limited" });
    expect(seconds).toBeGreaterThan(3);
    expect(seconds).toBeLessThan(8);
    expect(client.of("error")[0]).toMatchObject({ code: "rate_limited", retryable: true });
    expect(warned).toBeLessThanOrEqual(seconds + 1);
    const heardMs = heard.reduce((sum, { samples }) => sum + samples.length / 48, 0);
    expect(heardMs).toBeLessThanOrEqual(2_000 + seconds * 1_500 + 100);
  });

  it("real time goes through untouched, also after a pause in the network", async () => {
    const clock = new VirtualClock({ turns: 5 });
    arena = await startArena({ backend: { clock, heartbeatMs: 1_000_000, idleTimeoutMs: 1_000_000 } });
    const { client, index } = await live(arena, "steady");
    const { heard } = arena.rig.ready[index] as { heard: unknown[] };
    const media = { event: "media", media: { payload: encodeBase64(new Uint8Array(960)) } };
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 50; i++) client.say(media);
      await until(() => heard.length === (second + 1) * 50, "all of its audio");
      await clock.advance(1_000);
    }
    expect(client.of("error")).toEqual([]);
  });
});

describe("row 25: a reset while it is being spoken to", () => {
  it.each([
    ["compat", {}],
    ["v1 without resuming", { protocol: 1 }],
  ])("frees everything at once: %s", async (_what, hello) => {
    arena = await startArena({ backend: { resumeMs: 0 } });
    const { client, connection, index } = await live(arena, "gone", hello);
    connection.play("u", tone(24_000, 5_000));
    const waiting = connection.writable(0, new AbortController().signal);
    let done = false;
    connection.onPlayback((progress) => {
      done ||= progress.done;
    });
    (client.socket as unknown as { _socket: { resetAndDestroy(): void } })._socket.resetAndDestroy();
    await until(() => connection.closed, "the end of the connection");
    await waiting;
    expect(done).toBe(true);
    expect(connection.queuedMs).toBe(0);
    const { session } = arena.rig.ready[index] as { session: { id: string; state: string } };
    expect(session.state).toBe("ended");
    expect(arena.rig.ended.filter((each) => each.session.id === session.id).map(({ reason }) => reason.code)).toEqual([
      "client_lost",
    ]);
  });
});

describe("row 37: text where binary belongs, and the other way round", () => {
  it("is a bad message: binary in compat, JSON as binary, audio as text", async () => {
    arena = await startArena();
    const compat = await live(arena, "compat");
    compat.client.say(encodeAudioFrame({ utterance: 0, offset: 0, end: false, audio: new Uint8Array(4) }));
    await until(() => compat.client.of("error").length === 1);
    expect(compat.client.of("error")[0]).toMatchObject({ code: "bad_message" });
    const v1 = await live(arena, "v1", { protocol: 1 });
    v1.client.say(new Uint8Array(Buffer.from(JSON.stringify({ event: "ping" }))));
    v1.client.say("\u0001\u0000\u0000");
    await until(() => v1.client.of("error").length === 2);
    expect(v1.client.closed).toBeUndefined();
    // JSON audio is defined in v1.
    v1.client.say({ event: "media", media: { payload: encodeBase64(new Uint8Array(640)) } });
    const { heard } = arena.rig.ready[v1.index] as { heard: unknown[] };
    await until(() => heard.length === 1);
    expect(await Client.open(arena.rig.url)).toBeInstanceOf(Client);
  });
});
