import type { ConnectionMessage } from "@roomkit/core";
import { parseServerMessage, serializeServerMessage } from "@roomkit/protocol";
import { describe, expect, it } from "vitest";
import { compatMessage } from "./compat.ts";
import { connectionInput } from "./input.ts";
import { v1Message } from "./v1.ts";

const final = { type: "transcript", id: "t", role: "user", text: "hi", final: true, revision: 1 } as const;
const messages: ConnectionMessage[] = [
  { type: "state", state: "speaking" },
  final,
  { ...final, final: false },
  { ...final, role: "assistant", text: "h and more", heard: "h" },
  { ...final, role: "assistant", heard: "" },
  { type: "utterance", id: "u", phase: "start", text: "hello" },
  { type: "utterance", id: "u", phase: "end" },
  { type: "interrupted", utterance: "u", heard: "a", unheard: "b" },
  { type: "metrics", turn: { turnId: "x", replyMs: 5, interrupted: false } },
  { type: "level", direction: "outbound", db: -12 },
  { type: "error", code: "stt_failed", message: "no", retryable: true },
  { type: "data", name: "n", payload: { a: [1] } },
];

describe("compat", () => {
  it("says final transcripts, once and as heard, and nothing else", () => {
    const said = messages.map((message) => compatMessage(message, { speaking: false })).filter(Boolean);
    expect(said).toEqual([
      { type: "transcription", data: { role: "user", text: "hi" } },
      { type: "transcription", data: { role: "assistant", text: "h" } },
    ]);
  });

  it("says who speaks where the seed does", () => {
    const said = messages.map((message) => compatMessage(message, { speaking: true })).filter(Boolean);
    expect(said.slice(2)).toEqual([
      { type: "speaking", speaking: true, who: "assistant" },
      { type: "speaking", speaking: false, who: "assistant" },
    ]);
  });
});

describe("v1", () => {
  it.each(messages)("says $type in a form its clients read", (message) => {
    const told = v1Message(message, { numberOf: () => 7, sinceMs: 12.6 });
    expect(parseServerMessage(serializeServerMessage(told))).toEqual({ ok: true, message: told });
    expect(told).toMatchObject({ type: message.type });
  });

  it("numbers utterances and times states", () => {
    const context = { numberOf: () => 7, sinceMs: 12.6 };
    expect(v1Message({ type: "state", state: "listening" }, context)).toEqual({
      type: "state",
      state: "listening",
      since: 13,
    });
    expect(v1Message({ type: "utterance", id: "u", phase: "end" }, context)).toEqual({
      type: "utterance",
      id: 7,
      phase: "end",
    });
    expect(v1Message({ type: "interrupted", utterance: "u", heard: "", unheard: "" }, context)).toMatchObject({
      utterance: 7,
    });
  });
});

describe("input", () => {
  it("is what concerns the application", () => {
    expect(connectionInput({ event: "mute", muted: true })).toEqual({ type: "mute", muted: true });
    expect(connectionInput({ event: "text", text: "hi" })).toEqual({ type: "text", text: "hi" });
    expect(connectionInput({ event: "interrupt" })).toEqual({ type: "interrupt" });
    expect(connectionInput({ event: "dtmf", digit: "#" })).toEqual({ type: "dtmf", digit: "#" });
    expect(connectionInput({ event: "data", name: "n", payload: 1 })).toEqual({ type: "data", name: "n", payload: 1 });
    for (const event of ["ping", "stop", "connected"] as const) expect(connectionInput({ event })).toBeUndefined();
  });
});
