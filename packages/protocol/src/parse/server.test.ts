import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServerMessage } from "../messages/server.ts";
import { serializeServerMessage } from "../serialize.ts";
import { parseServerMessage } from "./server.ts";

const spec = { codec: "pcm16", sampleRate: 24_000 } as const;
const examples: ServerMessage[] = [
  { event: "media", audio: Uint8Array.of(1, 2, 3, 4) },
  { event: "media", streamSid: "MZ1", audio: Uint8Array.of(1) },
  { event: "pong" },
  { event: "clear", streamSid: "MZ1" },
  { type: "transcription", data: { role: "user", text: "hello \u{1f600}" } },
  { type: "clear_audio" },
  { type: "speaking", speaking: true, who: "assistant" },
  { status: "failed", meta: { error: "concurrency_limit_reached", limit: 100 } },
  {
    event: "ready",
    protocol: 1,
    session: "session_1",
    resume: "token",
    resumed: false,
    audio: { send: spec, receive: spec },
    limits: { maxMessageBytes: 1, messagesPerSecond: 100, idleMs: 60_000, resumeMs: 30_000 },
  },
  { type: "state", state: "thinking", since: 12.5 },
  { type: "transcript", id: "t1", role: "assistant", text: "a b", final: true, revision: 3, heard: "a" },
  { type: "transcript", id: "t1", role: "user", text: "", final: false, revision: 0 },
  { type: "transcript", id: "t2", role: "user", text: "hello", final: true, revision: 1, speaker: "Anna" },
  { type: "clear", utterance: 7 },
  { type: "utterance", id: 1, phase: "start", text: "hi" },
  { type: "utterance", id: 1, phase: "end" },
  { type: "interrupted", utterance: 1, heard: "a", unheard: "b" },
  { type: "dismissed", cause: "short", resumed: true },
  {
    type: "metrics",
    turn: {
      turnId: "turn_1",
      endpointMs: 1,
      decidedMs: 2,
      decidedBy: "question",
      preparedMs: 3,
      preparedSpeechMs: 4,
      hooksMs: 2,
      interrupted: false,
    },
  },
  { type: "level", direction: "inbound", db: -60 },
  { type: "error", code: "bad_message", message: "no", retryable: false },
  { type: "pong", t: 5 },
  { type: "pong" },
  { type: "bye", reason: "draining", resumable: true },
  { type: "bye", reason: "call_ended", resumable: false, code: 1000 },
  { type: "data", name: "note", payload: { a: [1, null, "x"] } },
];

describe("server messages", () => {
  it.each(examples)("reads back $event$type$status", (message) => {
    expect(parseServerMessage(serializeServerMessage(message))).toEqual({ ok: true, message });
  });

  it("writes audio the way the seed's client reads it", () => {
    expect(JSON.parse(serializeServerMessage({ event: "media", audio: Uint8Array.of(255, 0) }))).toEqual({
      event: "media",
      media: { payload: "/wA=" },
    });
    expect(JSON.parse(serializeServerMessage({ event: "media", streamSid: "MZ1", audio: Uint8Array.of(255) }))).toEqual(
      {
        event: "media",
        streamSid: "MZ1",
        media: { payload: "/w==" },
      },
    );
  });

  it.each([
    '{"type":"state","state":"flying","since":1}',
    '{"type":"clear"}',
    '{"type":"clear","utterance":-1}',
    '{"event":"ready","protocol":2}',
    '{"event":"ready","protocol":1,"session":"s","resume":"r","resumed":true,"audio":{"send":{"codec":"pcm16","sampleRate":1}}}',
    '{"type":"transcript","id":"x","role":"god","text":"","final":true,"revision":0}',
    '{"status":"failed","meta":{}}',
    "[]",
  ])("refuses %s", (text) => {
    expect(parseServerMessage(text)).toMatchObject({ ok: false, code: "bad_message" });
  });

  it.each(["{}", '{"status":"fine"}', '{"event":"fly"}', '{"type":"fly"}'])("does not know %s", (text) => {
    expect(parseServerMessage(text)).toMatchObject({ ok: false, code: "unknown_event" });
  });

  it("never throws on damaged messages", () => {
    const damaged = fc
      .tuple(fc.constantFrom(...examples), fc.nat(), fc.string({ maxLength: 4 }), fc.nat({ max: 8 }))
      .map(([message, at, insert, cut]) => {
        const text = serializeServerMessage(message);
        const index = at % text.length;
        return text.slice(0, index) + insert + text.slice(index + cut);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string({ unit: "binary" }), fc.json()), (text) => {
        const result = parseServerMessage(text);
        if (result.ok) serializeServerMessage(result.message);
      }),
      { numRuns: 1_500 },
    );
  });
});
