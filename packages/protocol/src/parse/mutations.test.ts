import { describe, expect, it } from "vitest";
import { audioFrameHeaderBytes, decodeAudioFrame, encodeAudioFrame } from "../audio-frame.ts";
import { defaultLimits } from "../limits.ts";
import type { ClientMessage } from "../messages/client.ts";
import type { ServerMessage } from "../messages/server.ts";
import { serializeClientMessage, serializeServerMessage } from "../serialize.ts";
import { parseClientMessage } from "./client.ts";
import { parseServerMessage } from "./server.ts";
import { parseV1ServerMessage } from "./v1-server.ts";

const audio = {
  send: { codec: "pcm16", sampleRate: 16_000 },
  receive: { codec: "mulaw", sampleRate: 24_000 },
} as const;

const server: readonly ServerMessage[] = [
  {
    event: "ready",
    protocol: 1,
    session: "s",
    resume: "t",
    resumed: false,
    audio,
    limits: { maxMessageBytes: 1_000, messagesPerSecond: 100, idleMs: 0, resumeMs: 30_000 },
  },
  { type: "state", state: "thinking", since: 12.5 },
  { type: "transcript", id: "t:1", role: "assistant", text: 'a "b" \\ é', final: true, revision: 3, heard: "a" },
  { type: "clear", utterance: 4_294_967_295 },
  { type: "utterance", id: 3, phase: "start", text: "x" },
  { type: "interrupted", utterance: 3, heard: "", unheard: "x" },
  { type: "dismissed", cause: "short", resumed: true },
  { type: "metrics", turn: { turnId: "t", endpointMs: 1, interrupted: false } },
  { type: "level", direction: "inbound", db: -60 },
  { type: "error", code: "c", message: "m", retryable: false },
  { type: "pong", t: 0 },
  { type: "bye", reason: "draining", resumable: true, code: 1_001 },
  { type: "data", name: "n", payload: [{ a: [1, null, "x"] }] },
  { status: "failed", meta: { error: "concurrency_limit_reached", limit: 3 } },
  { event: "media", audio: new Uint8Array([1, 2, 3]) },
  { type: "transcription", data: { role: "user", text: "x" } },
  { type: "clear_audio" },
  { event: "pong" },
];

const client: readonly ClientMessage[] = [
  { event: "start", protocol: 1, websocket_id: "w", audio, resume: "t", client: { name: "n", version: "1" } },
  { event: "playback", utterance: 1, playedSamples: 480, underruns: 0, done: true },
  { event: "playout", ssrc: 1, rtpTimestamp: 2, playedMs: -3.5, cleared: 4 },
  { event: "mute", muted: true },
  { event: "text", text: "x" },
  { event: "dtmf", digit: "#" },
  { event: "data", name: "n", payload: { a: 1 } },
  { event: "ping", t: 1 },
  { event: "stop" },
  { event: "media", audio: new Uint8Array(5), sequenceNumber: 7 },
];

const PIECES = [...'"\\{}[],:', "null", "-1", "1e999", "0.5", "4294967296", "true", '"__proto__"'];
const VALUES = [null, true, -1, 0.5, 1e16, 4_294_967_296, "", "x", "__proto__", [], {}, { a: {} }, "é".repeat(300)];

/** mulberry32: whole numbers below what is asked for, the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Json = Record<string, unknown>;

/** A field anywhere in it is another, or gone. */
function withOther(text: string, next: (below: number) => number): string {
  const whole = JSON.parse(text) as Json;
  let at = whole;
  for (;;) {
    const keys = Object.keys(at);
    const key = keys[next(keys.length)];
    if (key === undefined) break;
    const value = at[key];
    if (typeof value === "object" && value !== null && !Array.isArray(value) && next(3) > 0) {
      at = value as Json;
      continue;
    }
    if (next(4) === 0) delete at[key];
    else at[key] = VALUES[next(VALUES.length)];
    break;
  }
  return JSON.stringify(whole);
}

function changed(text: string, next: (below: number) => number): string {
  if (next(2) === 0) return withOther(text, next);
  let changing = text;
  for (let times = 1 + next(3); times > 0; times--) {
    const at = next(changing.length + 1);
    const piece = PIECES[next(PIECES.length)] as string;
    changing = changing.slice(0, at) + piece + changing.slice(at + next(3));
  }
  return changing;
}

describe("a message in which something is changed", () => {
  it.each([
    ["server", server.map(serializeServerMessage), parseServerMessage, serializeServerMessage],
    ["client", client.map(serializeClientMessage), parseClientMessage, serializeClientMessage],
  ] as const)("of a %s is refused, or means what it says when it is written again", (_who, texts, parse, write) => {
    const next = numbers(11);
    const codes = new Set<string>();
    for (const text of texts) expect(parse(text), text).toMatchObject({ ok: true });
    for (let round = 0; round < 20_000; round++) {
      const text = changed(texts[next(texts.length)] as string, next);
      const result = parse(text);
      codes.add(result.ok ? "ok" : result.code);
      if (!result.ok) continue;
      const again = parse((write as (message: unknown) => string)(result.message));
      if (JSON.stringify(again) !== JSON.stringify(result)) expect({ text, again }).toEqual({ text, again: result });
    }
    expect([...codes]).toEqual(expect.arrayContaining(["ok", "bad_message", "unknown_event"]));
  });

  it("is the same to who speaks v1 only, but for what compat alone says", () => {
    const next = numbers(12);
    let both = 0;
    for (let round = 0; round < 20_000; round++) {
      const text = changed(serializeServerMessage(server[next(server.length)] as ServerMessage), next);
      const [narrow, wide] = [parseV1ServerMessage(text), parseServerMessage(text)];
      if (narrow.ok || narrow.code !== "unknown_event") {
        if (JSON.stringify(narrow) !== JSON.stringify(wide)) expect({ text, narrow }).toEqual({ text, narrow: wide });
        both++;
      }
    }
    expect(both).toBeGreaterThan(5_000);
  });
});

it("a binary frame of any bytes is refused, or the same when it is written again", () => {
  const next = numbers(13);
  let read = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: next(24) }, () => next(256));
    if (next(4) > 0 && bytes.length > 0) bytes[0] = 1;
    const result = decodeAudioFrame(bytes, { ...defaultLimits, maxMessageBytes: 20 });
    const good = bytes[0] === 1 && bytes.length >= audioFrameHeaderBytes && bytes.length <= 20;
    expect(result.ok).toBe(good);
    if (!result.ok) continue;
    read++;
    // Flags of later versions are let fall.
    bytes[1] = (bytes[1] as number) & 1;
    expect([...encodeAudioFrame(result.frame)]).toEqual([...bytes]);
  }
  expect(read).toBeGreaterThan(1_000);
});
