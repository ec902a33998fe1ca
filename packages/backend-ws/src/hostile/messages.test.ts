import { encodeAudioFrame, encodeBase64, samplesToPcm16 } from "@roomkit/protocol";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { Client, tone, until } from "../rig.fixture.ts";
import { type Arena, live, startArena } from "./arena.fixture.ts";

let arena: Arena;
afterEach(async () => {
  await arena.end();
});

const payload = encodeBase64(new Uint8Array(960).fill(0x55));
const wide = "[".repeat(30_000) + "]".repeat(30_000);

const bad: [string, string][] = [
  ["row 26: not JSON", "hello"],
  ["row 26: an array", "[]"],
  ["row 26: null", "null"],
  ["row 26: a number", "17"],
  ["row 26: an empty text", ""],
  ["row 26: an empty string", '""'],
  ["row 26: no event", "{}"],
  ["row 26: an event that is a number", '{"event":1}'],
  ["row 27: __proto__ in place of an event", '{"__proto__":{"event":"stop"}}'],
  ["row 27: constructor.prototype", '{"constructor":{"prototype":{"event":"stop"}}}'],
  ["row 28: 30,000 arrays deep", `{"event":"data","name":"x","payload":${wide}}`],
  ["row 28: nothing but brackets", wide],
  ["row 30: media without media", '{"event":"media"}'],
  ["row 30: a payload of null", '{"event":"media","media":{"payload":null}}'],
  ["row 30: a payload that is an object", '{"event":"media","media":{"payload":{}}}'],
  ["row 30: a payload that is a number", '{"event":"media","media":{"payload":1e308}}'],
  ["row 31: garbage for base64", '{"event":"media","media":{"payload":"!!!!"}}'],
  ["row 31: padding inside", '{"event":"media","media":{"payload":"AA=A"}}'],
  ["row 31: no padding", '{"event":"media","media":{"payload":"AAA"}}'],
  ["row 31: white space", '{"event":"media","media":{"payload":"AA AA "}}'],
  ["row 31: URL alphabet", '{"event":"media","media":{"payload":"-_-_"}}'],
];

describe("messages that are none", () => {
  it.each(bad)("%s: told, and the connection goes on", async (_what, text) => {
    arena = await startArena();
    const { client, index } = await live(arena, "c");
    client.say(text);
    await until(() => client.of("error").length === 1, "an answer");
    expect(client.of("error")[0]).toMatchObject({ type: "error", code: "bad_message", retryable: false });
    client.say({ event: "media", media: { payload } });
    const { heard } = arena.rig.ready[index] as { heard: unknown[] };
    await until(() => heard.length === 1);
    expect(({} as Record<string, unknown>).event).toBeUndefined();
  });

  it.each(["compat", "v1"])("row 26: ten in ten seconds are 1008 in %s", async (dialect) => {
    arena = await startArena();
    const { client } = await live(arena, "c", dialect === "v1" ? { protocol: 1 } : {});
    for (let i = 0; i < 10; i++) client.say("rubbish");
    await until(() => client.closed !== undefined);
    expect(client.closed).toEqual({ code: 1008, reason: "too_many_bad_messages" });
    expect(client.of("error").filter((each) => "code" in each && each.code === "bad_message")).toHaveLength(9);
  });

  it("row 26: unknown events are counted; compat hears nothing of it, v1 is told", async () => {
    arena = await startArena();
    const compat = await live(arena, "compat");
    for (let i = 0; i < 9; i++) compat.client.say({ event: "fly" });
    compat.client.say({ event: "ping" });
    await until(() => compat.client.of("pong").length === 1);
    expect(compat.client.texts).toEqual(['{"event":"pong"}']);
    compat.client.say({ event: "fly" });
    await until(() => compat.client.closed?.code === 1008);
    const v1 = await live(arena, "v1", { protocol: 1 });
    v1.client.say({ event: "fly" });
    await until(() => v1.client.of("error").length === 1);
  });
});

describe("odd messages that are well-defined", () => {
  it("row 27: __proto__ in application data is dropped", async () => {
    arena = await startArena();
    const { client, connection } = await live(arena, "c", { protocol: 1 });
    const inputs: unknown[] = [];
    connection.onInput((input) => inputs.push(input));
    client.say('{"event":"data","name":"x","payload":{"__proto__":{"polluted":true},"a":1}}');
    await until(() => inputs.length === 1);
    const merged = Object.assign({}, (inputs[0] as { payload: object }).payload) as Record<string, unknown>;
    expect(merged).toEqual({ a: 1 });
    expect(merged.polluted).toBeUndefined();
  });

  it("row 29: duplicate keys, huge numbers, lone surrogates, NUL", async () => {
    arena = await startArena();
    const { client, connection } = await live(arena, "c", { protocol: 1 });
    const inputs: unknown[] = [];
    connection.onInput((input) => inputs.push(input));
    client.say('{"event":"stop","event":"text","text":"last wins"}');
    client.say('{"event":"data","name":"n","payload":123456789012345678901234567890}');
    client.say('{"event":"text","text":"\\ud800 and \\u0000"}');
    await until(() => inputs.length === 3);
    expect(inputs).toEqual([
      { type: "text", text: "last wins" },
      { type: "data", name: "n", payload: 1.2345678901234568e29 },
      { type: "text", text: "\ud800 and \u0000" },
    ]);
    expect(client.closed).toBeUndefined();
  });

  it("row 36: dtmf twice, stop twice, stop in the middle of an utterance", async () => {
    arena = await startArena();
    const { client, connection, index } = await live(arena, "c");
    const digits: string[] = [];
    connection.onInput((input) => input.type === "dtmf" && digits.push(input.digit));
    client.say({ event: "dtmf", digit: "1" });
    client.say({ event: "dtmf", digit: "1" });
    await until(() => digits.length === 2);
    connection.play("u", tone(24_000, 3_000));
    client.say({ event: "stop" });
    client.say({ event: "stop" });
    await until(() => client.closed !== undefined);
    expect(client.closed?.code).toBe(1000);
    const { session } = arena.rig.ready[index] as { session: { id: string } };
    expect(arena.rig.ended.filter((each) => each.session.id === session.id)).toHaveLength(1);
    expect(connection.queuedMs).toBe(0);
  });
});

describe("audio", () => {
  it("row 32: nothing is ignored, one byte is a sample, too much is 1009, half a sample is refused", async () => {
    arena = await startArena();
    const { client, index } = await live(arena, "c");
    const { heard } = arena.rig.ready[index] as { heard: { samples: Int16Array }[] };
    client.say({ event: "media", media: { payload: "" } });
    client.say({ event: "media", media: { payload: "/w==" } });
    await until(() => heard.length === 1);
    expect(heard[0]?.samples).toHaveLength(1);
    const v1 = await live(arena, "v1", { protocol: 1 });
    v1.client.say(encodeAudioFrame({ utterance: 0, offset: 0, end: false, audio: new Uint8Array(3) }));
    await until(() => v1.client.of("error").length === 1);
    expect(v1.client.of("error")[0]).toMatchObject({ code: "bad_message" });
    client.say({ event: "media", media: { payload: encodeBase64(new Uint8Array(256 * 1024 + 1)) } });
    v1.client.say(new Uint8Array(256 * 1024 + 1));
    await until(() => client.closed !== undefined && v1.client.closed !== undefined);
    expect(client.closed?.code).toBe(1009);
    expect(v1.client.closed?.code).toBe(1009);
  });

  it("row 33: full-scale noise and all 0xFF are finite samples", async () => {
    arena = await startArena();
    const { client, index } = await live(arena, "c");
    const { heard } = arena.rig.ready[index] as { heard: { samples: Int16Array }[] };
    for (const byte of [0xff, 0x00, 0x80, 0x7f])
      client.say({ event: "media", media: { payload: encodeBase64(new Uint8Array(960).fill(byte)) } });
    await until(() => heard.length === 4);
    for (const { samples } of heard) {
      expect(samples).toBeInstanceOf(Int16Array);
      expect(samples).toHaveLength(960);
    }
  });

  it("row 34: frames of 1 ms pass, 5 s at once are more than anybody may say at once", async () => {
    arena = await startArena();
    const audio = { send: { codec: "pcm16", sampleRate: 8_000 } };
    const { client, connection, index } = await live(arena, "c", { protocol: 1, audio });
    expect(connection.inbound.sampleRate).toBe(8_000);
    const { heard } = arena.rig.ready[index] as { heard: { samples: Int16Array; timestamp: number }[] };
    for (let i = 0; i < 50; i++) {
      client.say(
        encodeAudioFrame({ utterance: 0, offset: i * 8, end: false, audio: samplesToPcm16(tone(8_000, 1).samples) }),
      );
    }
    await until(() => heard.length === 50);
    expect((heard[49]?.timestamp ?? 0) - (heard[0]?.timestamp ?? 0)).toBeCloseTo(49, 6);
    client.say(
      encodeAudioFrame({ utterance: 0, offset: 400, end: false, audio: samplesToPcm16(tone(8_000, 5_000).samples) }),
    );
    await until(() => client.of("error").length === 1);
    expect(client.of("error")[0]).toMatchObject({ code: "rate_limited" });
    expect(heard).toHaveLength(50);
    // Time goes on behind what was dropped.
    client.say(
      encodeAudioFrame({ utterance: 0, offset: 40_400, end: false, audio: samplesToPcm16(tone(8_000, 20).samples) }),
    );
    await until(() => heard.length === 51);
    expect((heard[50]?.timestamp ?? 0) - (heard[49]?.timestamp ?? 0)).toBeCloseTo(5_001, 6);
  });

  it("row 35: time only goes forward, whatever the client counts", async () => {
    arena = await startArena();
    const { client, index } = await live(arena, "c", {
      protocol: 1,
      audio: { send: { codec: "pcm16", sampleRate: 16_000 } },
    });
    const { heard } = arena.rig.ready[index] as { heard: { samples: Int16Array; timestamp: number }[] };
    const audio = samplesToPcm16(tone(16_000, 20).samples);
    const offsets = [0, 320, 320, 0, 160, 640, 4_294_967_000, 2_000_000_000, 2_000_000_320, 5];
    for (const offset of offsets) client.say(encodeAudioFrame({ utterance: 0, offset, end: false, audio }));
    client.say({ event: "ping" });
    await until(() => client.of("pong").length === 1);
    const times = heard.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect((times.at(-1) as number) - (times[0] as number)).toBeLessThan(10_000);
    expect(heard.length).toBeGreaterThanOrEqual(5);
  });
});

describe("anything at all", () => {
  it("harms nobody else", async () => {
    arena = await startArena({ mount: { perAddressLimit: 1_000 } });
    const known = fc.constantFrom(
      "start",
      "media",
      "ping",
      "stop",
      "playback",
      "mute",
      "text",
      "interrupt",
      "dtmf",
      "data",
      "mark",
      "connected",
    );
    const object = fc
      .tuple(
        known,
        fc.dictionary(
          fc.constantFrom(
            "websocket_id",
            "media",
            "protocol",
            "audio",
            "utterance",
            "playedSamples",
            "digit",
            "resume",
            "name",
            "payload",
          ),
          fc.jsonValue(),
        ),
      )
      .map(([event, fields]) => JSON.stringify({ event, ...fields }));
    const message = fc.oneof(object, object, fc.json(), fc.string(), fc.uint8Array({ maxLength: 40 }));
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 12 }), fc.boolean(), async (messages, v1) => {
        const client = await Client.open(arena.rig.url);
        if (v1) client.say({ event: "start", protocol: 1 });
        for (const each of messages) if (client.socket.readyState === 1) client.say(each);
        client.socket.close();
        await until(() => client.closed !== undefined);
      }),
      { numRuns: 60 },
    );
  });
});
