import type { RoomEvent, VoiceSession } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import type { LoggedRoom } from "../room.ts";
import type { CallRecord, SayingRecord } from "./call-record.ts";
import { restoreCall } from "./restore.ts";
import { splitAt } from "./unheard-ahead.ts";

const session = { id: "s" } as VoiceSession;
const turn = { number: 3, id: "s:3", text: "what now" };
const saying: SayingRecord = {
  ...{ utterance: "u2", id: "u1", revision: 4, before: "Well,", beforeMs: 300, confidence: "reported" },
  ...{ text: "one two three", more: " four", over: true, audible: true, playedMs: 200, turnId: "s:3" },
  unheard: [
    [200, 9],
    [400, 5],
    [600, 0],
  ],
};
const record: CallRecord = { turns: 3, turn, words: "", sayings: [saying], last: false };
const cut = { interrupted: true, unheard: "three four", playedMs: 500, confidence: "reported" } as const;

function event(role: "user" | "assistant", text: string, more: Partial<RoomEvent>): RoomEvent {
  const content = { type: "text", text } as const;
  const source = { channelId: role === "user" ? "voice" : "ai", role };
  return { content, source, status: "delivered", ...more } as RoomEvent;
}
const asked = (number: number, text: string): RoomEvent =>
  event("user", text, { idempotencyKey: `s:${number}`, correlationId: `s:${number}` });
const answered = (number: number, more: Partial<RoomEvent> = {}): RoomEvent =>
  event("assistant", "done", { correlationId: `s:${number}`, ...more });

function of(kept: unknown, ...log: RoomEvent[]) {
  return restoreCall({ logged: async () => log } as unknown as LoggedRoom, session, kept);
}

describe("what is gone on with", () => {
  it("an answer under way, from what was kept of it", async () => {
    expect(await of(record, asked(3, "what now"))).toMatchObject({ turns: 3, turn, sayings: [{ id: "u1" }] });
  });

  it("a turn that is being answered and of which nothing was said; whether or not it is in the log", async () => {
    const silent = { ...record, sayings: [] };
    for (const log of [[asked(3, "what now")], []]) {
      expect(await of(silent, ...log)).toMatchObject({ turn, sayings: [] });
    }
  });

  it("nothing of an answer that is in the log", async () => {
    expect(await of(record, asked(3, "what now"), answered(3))).toMatchObject({ turn: undefined, sayings: [] });
    const interrupted = answered(3, { heard: cut });
    expect(await of(record, asked(3, "what now"), interrupted)).toMatchObject({ turn: undefined, sayings: [] });
  });

  it("an answer that was cut off by the end of its process, though the log has that", async () => {
    const restored = await of({ ...record, last: true }, asked(3, "what now"), answered(3, { heard: cut }));
    expect(restored).toMatchObject({ turn, sayings: [{ logged: { heard: cut } }] });
  });

  it("a turn that only the log knows of, and then nothing that was said before it", async () => {
    const restored = await of({ ...record, words: "and then" }, asked(3, "what now"), asked(4, "stop, tell me more"));
    expect(restored).toMatchObject({
      ...{ turns: 4, words: "", sayings: [] },
      turn: { number: 4, id: "s:4", text: "stop, tell me more" },
    });
    const more = await of({ ...record, turn: undefined, sayings: [] }, asked(4, "x"), answered(4));
    expect(more).toMatchObject({ turns: 4, turn: undefined });
  });

  it("no turn whose answer nobody wanted any more", async () => {
    const kept = { ...record, turn: undefined, sayings: [], words: "no, wait" };
    expect(await of(kept, asked(3, "what now"))).toMatchObject({ turns: 3, turn: undefined, words: "no, wait" });
  });

  it("what the application was saying, unless that is in the log", async () => {
    const greeting = { ...saying, turnId: undefined, id: "u0" };
    const kept = { ...record, turns: 0, turn: undefined, sayings: [greeting] };
    expect((await of(kept)).sayings).toHaveLength(1);
    const said = event("assistant", "Hello", { idempotencyKey: "s:said:u0" });
    expect((await of(kept, said)).sayings).toHaveLength(0);
  });

  it("only of this call, and of blocked turns nothing", async () => {
    const other = event("user", "x", { idempotencyKey: "other:9" });
    const blocked = { ...asked(7, "secret"), status: "blocked" as const };
    expect((await of(record, other, blocked)).turns).toBe(3);
  });

  it.each([undefined, null, 7, {}, { turns: "x", sayings: [], words: "" }])(
    "%j: the call goes on, and nothing is taken up",
    async (kept) => {
      expect(await of(kept, asked(2, "hm"))).toEqual({ turns: 2, turn: undefined, words: "", sayings: [] });
    },
  );
});

describe("a text, split at the ear", () => {
  it.each([
    [0, "one", "two three"],
    [200, "one", "two three"],
    [399, "one", "two three"],
    [400, "one two", "three"],
    [5_000, "one two three", ""],
  ])("after %d ms", (ms, heard, rest) => {
    expect(splitAt(saying, ms)).toEqual({ heard, rest });
  });

  it("of which nothing is known is all to be said", () => {
    expect(splitAt({ text: "one two", unheard: [] }, 900)).toEqual({ heard: "", rest: "one two" });
  });
});
