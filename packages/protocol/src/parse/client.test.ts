import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBase64 } from "../base64.ts";
import { defaultLimits } from "../limits.ts";
import { audioSampleRates } from "../messages/audio.ts";
import type { ClientMessage } from "../messages/client.ts";
import { serializeClientMessage } from "../serialize.ts";
import { parseClientMessage } from "./client.ts";

function read(value: unknown): ClientMessage {
  const result = parseClientMessage(JSON.stringify(value));
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.message;
}

function code(text: string): string {
  const result = parseClientMessage(text);
  return result.ok ? "ok" : result.code;
}

describe("messages of the seed's client", () => {
  it("reads start, media, ping and stop", () => {
    expect(read({ event: "start", websocket_id: "abc-123" })).toEqual({ event: "start", websocket_id: "abc-123" });
    expect(read({ event: "media", media: { payload: "/wB/" } })).toEqual({
      event: "media",
      audio: Uint8Array.of(255, 0, 127),
    });
    expect(read({ event: "ping" })).toEqual({ event: "ping" });
    expect(read({ event: "stop" })).toEqual({ event: "stop" });
  });

  it("reads the telephone framing", () => {
    expect(
      read({
        event: "start",
        sequenceNumber: "1",
        streamSid: "MZ12",
        start: { streamSid: "MZ12", tracks: ["inbound"] },
      }),
    ).toEqual({
      event: "start",
      streamSid: "MZ12",
    });
    const media = { track: "inbound", chunk: "2", timestamp: "40", payload: "/w==" };
    expect(read({ event: "media", sequenceNumber: "3", media, streamSid: "MZ12" })).toEqual({
      event: "media",
      audio: Uint8Array.of(255),
      sequenceNumber: 3,
    });
    expect(read({ event: "dtmf", dtmf: { track: "inbound_track", digit: "#" } })).toEqual({
      event: "dtmf",
      digit: "#",
    });
    expect(read({ event: "connected", protocol: "Call", version: "1.0.0" })).toEqual({ event: "connected" });
  });

  it("reads what a telephone provider says of its call, as far as it says anything", () => {
    const of = (start: unknown): unknown =>
      (read({ event: "start", streamSid: "MZ1", start }) as { start?: unknown }).start;
    const customParameters = { From: "+49", tenant: "a b", empty: "" };
    expect(of({ callSid: "CA1", accountSid: "AC1", from: "+1", to: "sip:x@y", customParameters, tracks: [] })).toEqual({
      callSid: "CA1",
      accountSid: "AC1",
      from: "+1",
      to: "sip:x@y",
      customParameters,
    });
    for (const nothing of [
      undefined,
      null,
      5,
      "x",
      [],
      {},
      { callSid: 5 },
      { callSid: "" },
      { callSid: "x".repeat(257) },
    ]) {
      expect(of(nothing)).toBeUndefined();
    }
    for (const nothing of [null, [], "x", {}, { a: 1, b: null, c: {} }, { a: "x".repeat(500) }]) {
      expect(of({ callSid: "CA1", customParameters: nothing })).toEqual({ callSid: "CA1" });
    }
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`p${i}`, "v"]));
    expect(Object.keys((of({ customParameters: many }) as { customParameters: object }).customParameters)).toHaveLength(
      64,
    );
    const result = parseClientMessage(
      '{"event":"start","streamSid":"M","start":{"customParameters":{"__proto__":"x","constructor":"y"}}}',
    );
    expect(result).toEqual({
      ok: true,
      message: { event: "start", streamSid: "M", start: { customParameters: { constructor: "y" } } },
    });
    expect(read({ event: "start", websocket_id: "w", start: { callSid: "CA1" } })).toEqual({
      event: "start",
      websocket_id: "w",
    });
  });

  it("copies known fields only", () => {
    expect(read({ event: "stop", extra: { deep: true }, websocket_id: 5 })).toEqual({ event: "stop" });
  });
});

describe("what is refused", () => {
  it.each([
    ["not JSON", "hello"],
    ["an array", "[]"],
    ["null", "null"],
    ["a number", "7"],
    ["an empty text", ""],
    ["an empty string", '""'],
    ["no event", "{}"],
    ["an event that is not text", '{"event":5}'],
    ["media without media", '{"event":"media"}'],
    ["a null media", '{"event":"media","media":null}'],
    ["a payload that is a number", '{"event":"media","media":{"payload":5}}'],
    ["a payload that is null", '{"event":"media","media":{"payload":null}}'],
    ["a payload that is an object", '{"event":"media","media":{"payload":{}}}'],
    ["protocol 2", '{"event":"start","protocol":2}'],
    ["an unknown codec", '{"event":"start","protocol":1,"audio":{"send":{"codec":"flac","sampleRate":16000}}}'],
    ["an unknown rate", '{"event":"start","protocol":1,"audio":{"send":{"codec":"pcm16","sampleRate":44100}}}'],
    ["negative samples", '{"event":"playback","utterance":1,"playedSamples":-1,"underruns":0}'],
    ["an utterance beyond 32 bits", '{"event":"playback","utterance":4294967296,"playedSamples":1,"underruns":0}'],
    ["a playout without a stream", '{"event":"playout","rtpTimestamp":1,"playedMs":0}'],
    ["a stream beyond 32 bits", '{"event":"playout","ssrc":4294967296,"rtpTimestamp":1,"playedMs":0}'],
    ["an RTP timestamp that is no whole number", '{"event":"playout","ssrc":1,"rtpTimestamp":1.5,"playedMs":0}'],
    ["a packet played for more than 5 s", '{"event":"playout","ssrc":1,"rtpTimestamp":1,"playedMs":5001}'],
    ["a playout that is text", '{"event":"playout","ssrc":1,"rtpTimestamp":1,"playedMs":"20"}'],
    ["a playout that clears nothing", '{"event":"playout","ssrc":1,"rtpTimestamp":1,"playedMs":0,"cleared":null}'],
    ["a huge number", '{"event":"ping","t":1e999}'],
    ["two digits", '{"event":"dtmf","digit":"12"}'],
    ["text that is too long", JSON.stringify({ event: "text", text: "x".repeat(8_193) })],
  ])("%s", (_what, text) => {
    expect(code(text)).toBe("bad_message");
  });

  it.each(["__proto__", "", "../../x", "a b", "a\u0000", "é", "x".repeat(129), 7, null, {}])("the id %j", (id) => {
    expect(code(JSON.stringify({ event: "start", websocket_id: id }))).toBe("bad_id");
  });

  it("an id of 1 MB, by the size of the message", () => {
    expect(code(JSON.stringify({ event: "start", websocket_id: "x".repeat(1_000_000) }))).toBe("message_too_large");
  });

  it.each(["!!!!", "AA=A", "AAA", "A===", "AA==AA==", " AAAA", "AAAA\n", "AAB=", "AB==", "-_-_", "ÿÿÿÿ"])(
    "the payload %j",
    (payload) => {
      expect(code(JSON.stringify({ event: "media", media: { payload } }))).toBe("bad_audio");
    },
  );

  it("an unknown event, with a code of its own", () => {
    expect(code('{"event":"fly"}')).toBe("unknown_event");
    expect(code('{"event":"__proto__"}')).toBe("unknown_event");
  });

  it("nesting deeper than the limit, before parsing", () => {
    const nest = (depth: number): string =>
      `{"event":"data","name":"x","payload":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(code(nest(15))).toBe("ok");
    expect(code(nest(16))).toBe("bad_message");
    expect(code(nest(30_000))).toBe("bad_message");
    expect(code(`{"event":"text","text":${JSON.stringify(`${"[{".repeat(40)}\\"\\\\`)}}`)).toBe("ok");
  });
});

describe("prototype pollution", () => {
  it("changes no prototype and passes no __proto__ on", () => {
    const text =
      '{"event":"data","name":"x","payload":{"a":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}';
    const result = parseClientMessage(text);
    expect(result.ok).toBe(true);
    const { payload } = (result as { message: { payload: Record<string, unknown> } }).message;
    expect(Object.keys(payload)).toEqual(["a", "constructor"]);
    expect(Object.keys(payload.a as object)).toEqual([]);
    const merged = Object.assign({}, payload) as Record<string, unknown>;
    expect(merged.polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("does not read inherited fields", () => {
    expect(code('{"__proto__":{"event":"stop"}}')).toBe("bad_message");
  });
});

describe("odd but well-defined", () => {
  it("takes the last of duplicate keys", () => {
    expect(parseClientMessage('{"event":"stop","event":"ping"}')).toEqual({ ok: true, message: { event: "ping" } });
  });

  it("lets lone surrogates and NUL through in text", () => {
    expect(read({ event: "text", text: "\ud800\u0000" })).toEqual({ event: "text", text: "\ud800\u0000" });
  });
});

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/).filter((text) => text !== "__proto__");
const uint32 = fc.integer({ min: 0, max: 0xff_ff_ff_ff });
const spec = fc.record({
  codec: fc.constantFrom("pcm16" as const, "mulaw" as const),
  sampleRate: fc.constantFrom(...audioSampleRates),
});
// As JSON can say it: it has no minus zero.
const json = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !JSON.stringify(value).includes("__proto__"))
  .map((value) => JSON.parse(JSON.stringify(value)));
const clientMessage: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record(
    {
      event: fc.constant("start" as const),
      websocket_id: id,
      webrtc_id: id,
      streamSid: id,
      protocol: fc.constant(1 as const),
      audio: fc.record({ send: spec, receive: spec }, { requiredKeys: [] }),
      resume: id,
      client: fc.record(
        { name: fc.string({ maxLength: 128 }), version: fc.string({ maxLength: 20 }) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ["event"] },
  ),
  fc.record({ event: fc.constant("media" as const), audio: fc.uint8Array({ maxLength: 2_000 }) }),
  fc.record({ event: fc.constant("media" as const), audio: fc.uint8Array(), sequenceNumber: uint32 }),
  fc.record({ event: fc.constant("ping" as const), t: fc.integer() }, { requiredKeys: ["event"] }),
  fc.constant({ event: "stop" as const }),
  fc.record(
    {
      event: fc.constant("playback" as const),
      utterance: uint32,
      playedSamples: uint32,
      underruns: uint32,
      done: fc.constant(true as const),
    },
    { requiredKeys: ["event", "utterance", "playedSamples", "underruns"] },
  ),
  fc.record(
    {
      event: fc.constant("playout" as const),
      ssrc: uint32,
      rtpTimestamp: uint32,
      playedMs: fc.double({ min: -5_000, max: 5_000, noNaN: true }).map((ms) => ms + 0),
      cleared: uint32,
    },
    { requiredKeys: ["event", "ssrc", "rtpTimestamp", "playedMs"] },
  ),
  fc.record({ event: fc.constant("mute" as const), muted: fc.boolean() }),
  fc.record({ event: fc.constant("text" as const), text: fc.string({ unit: "binary", maxLength: 300 }) }),
  fc.constant({ event: "interrupt" as const }),
  fc.record({ event: fc.constant("dtmf" as const), digit: fc.constantFrom(..."0123456789ABCD*#") }),
  fc.record({ event: fc.constant("data" as const), name: id, payload: json }),
  fc.constant({ event: "connected" as const }),
  fc.record({ event: fc.constant("mark" as const), name: fc.string({ maxLength: 128 }) }),
);

describe("any input", () => {
  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(clientMessage, (message) => {
        expect(read(JSON.parse(serializeClientMessage(message)))).toEqual(message);
      }),
      { numRuns: 500 },
    );
  });

  it("never throws, and a message it accepts can be written again", () => {
    const mutated = fc
      .tuple(clientMessage, fc.nat(), fc.string({ maxLength: 4 }), fc.nat({ max: 8 }))
      .map(([message, at, insert, cut]) => {
        const text = serializeClientMessage(message);
        const index = at % text.length;
        return text.slice(0, index) + insert + text.slice(index + cut);
      });
    const hostile = fc.oneof(
      mutated,
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.json().map((text) => `{"event":"start","audio":${text}}`),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const result = parseClientMessage(text);
        if (result.ok) serializeClientMessage(result.message);
        else expect(result.code).toMatch(/^(message_too_large|bad_message|unknown_event|bad_id|bad_audio)$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it("survives arguments that are not text", () => {
    for (const value of [undefined, null, 5, {}, [], Symbol("x")]) {
      expect(parseClientMessage(value as unknown as string).ok).toBe(false);
    }
  });

  it("looks at the size first", () => {
    const payload = encodeBase64(new Uint8Array(defaultLimits.maxMessageBytes));
    expect(code(JSON.stringify({ event: "media", media: { payload } }))).toBe("message_too_large");
  });
});
