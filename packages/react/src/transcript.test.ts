import { describe, expect, it } from "vitest";
import {
  heardLength,
  type SpeechLine,
  settled,
  splitHeard,
  type TranscriptLine,
  withInterruption,
  withMetrics,
  withNotice,
  withRepeated,
  withTranscript,
  withTyped,
} from "./transcript.ts";

const said = (id: string, text: string, more: Partial<SpeechLine> = {}) =>
  ({ id, role: "user" as const, text, final: false, revision: 0, ...more }) as const;

const speeches = (entries: readonly TranscriptLine[]): SpeechLine[] =>
  entries.filter((entry) => entry.kind === "speech");

describe("the conversation", () => {
  it("keeps one line for each transcript, in order of appearance, at its newest revision", () => {
    let entries: readonly TranscriptLine[] = [];
    entries = withTranscript(entries, said("u1", "What's"));
    entries = withTranscript(entries, { ...said("a1", "It is"), role: "assistant" });
    entries = withTranscript(entries, said("u1", "What's up?", { revision: 2, final: true }));
    entries = withTranscript(entries, said("u1", "What's u", { revision: 1 }));
    expect(speeches(entries).map(({ text, final }) => [text, final])).toEqual([
      ["What's up?", true],
      ["It is", false],
    ]);
  });

  it("ends lines whose end got lost: with the next of the same voice, or with the connection", () => {
    const open = (entries: readonly TranscriptLine[]): string[] =>
      speeches(entries).flatMap(({ id, final }) => (final ? [] : [id]));
    let entries = withTranscript(withNotice([], "n", "Call started"), said("u1", "One"));
    entries = withTranscript(entries, { ...said("a1", "Two"), role: "assistant" });
    expect(open(entries)).toEqual(["u1", "a1"]);
    entries = withTranscript(entries, said("u2", "Three"));
    expect(open(entries)).toEqual(["a1", "u2"]);
    // What is taken back before it is seen is no next one.
    expect(open(withTranscript(entries, said("u3", " ")))).toEqual(["a1", "u2"]);
    entries = settled(entries);
    expect(open(entries)).toEqual([]);
    expect(settled(entries)).toBe(entries);
    // The server goes on where it was.
    entries = withTranscript(entries, said("u2", "Three and", { revision: 1 }));
    expect(open(entries)).toEqual(["u2"]);
    entries = withTranscript(entries, said("u1", "One!", { revision: 1, final: true }));
    expect(open(entries)).toEqual(["u2"]);
  });

  it("does not show a line that never had words", () => {
    expect(withTranscript([], said("u1", " "))).toEqual([]);
  });

  it("splits a line that was cut off where the listener stopped hearing", () => {
    const line = { ...said("a1", "One two. Three four."), role: "assistant" as const };
    const entries = withTranscript(withTranscript([], line), { ...line, revision: 1, final: true, heard: "One two." });
    expect(splitHeard(entries[0] as SpeechLine)).toEqual({ heard: "One two.", unheard: " Three four." });
    // Until somebody is known to have interrupted, it may be that the voice failed.
    expect((entries[0] as SpeechLine).interrupted).toBeUndefined();
    const interrupted = withInterruption(entries, "One", "two. Three four.");
    expect(interrupted[0]).toMatchObject({ interrupted: true, heardLength: 8 });
  });

  it("keeps the split when only the interruption says it, and believes the transcript more", () => {
    const line = { ...said("a1", "One two. Three four."), role: "assistant" as const };
    let entries = withInterruption(withTranscript([], line), "One", "two. Three four.");
    expect(splitHeard(entries[0] as SpeechLine).heard).toBe("One");
    entries = withTranscript(entries, { ...line, revision: 1, heard: "One two." });
    expect(splitHeard(entries[0] as SpeechLine).heard).toBe("One two.");
    expect(withInterruption(entries, "", "everything")).toBe(entries);
  });

  it("shows an answer as heard that went on after a cough, and only what comes next as cut off", () => {
    const line = { ...said("a1", "One two."), role: "assistant" as const };
    let entries = withInterruption(withTranscript([], line), "One", "two. Three four.");
    expect(entries[0]).toMatchObject({ interrupted: true, heardLength: 3 });
    entries = withTranscript(entries, { ...line, revision: 1, text: "One two. Three four." });
    expect(entries[0]).toMatchObject({ interrupted: undefined, heardLength: undefined });
    entries = withTranscript(entries, { ...line, revision: 2, text: "One two. Three four.", final: true });
    expect(splitHeard(entries[0] as SpeechLine).unheard).toBe("");
    // The next answer is silenced before any of its words were shown: the one before is none of that.
    expect(withInterruption(entries, "", "Five six.")).toBe(entries);
    const second = { ...line, id: "a2", text: "Five six.", final: true, heard: "" };
    entries = withInterruption(withTranscript(entries, second), "", "Five six.");
    expect(entries).toMatchObject([{ interrupted: undefined }, { interrupted: true, heardLength: 0 }]);
  });

  it("does not call a line interrupted that was heard to its end", () => {
    const entries = withTranscript([], { ...said("a1", "Done."), role: "assistant" });
    expect(withInterruption(entries, "Done.", "")).toBe(entries);
    expect(withInterruption([], "a", "b")).toEqual([]);
  });

  it("puts a turn's times to the user's newest line, and updates them there", () => {
    let entries = withTranscript(withTranscript([], said("u1", "One")), { ...said("a1", "Two"), role: "assistant" });
    entries = withMetrics(entries, { turnId: "t1", endpointMs: 300, interrupted: false });
    entries = withTranscript(entries, said("u2", "Three"));
    entries = withMetrics(entries, { turnId: "t1", endpointMs: 300, replyMs: 800, interrupted: true });
    expect(speeches(entries).map(({ metrics }) => metrics?.replyMs)).toEqual([800, undefined, undefined]);
    expect(withMetrics([], { turnId: "t1", interrupted: false })).toEqual([]);
  });

  it.each<[string, string[]]>([
    ["Hello", ["u0", "typed-1", "typed-2", "n"]],
    ["Good morning. Hello", ["u0", "typed-1", "n"]],
    ["Well, hi Hello", ["u0", "n"]],
    ["Hello there", ["u0", "typed-1", "typed-2", "n"]],
  ])("recognises what was typed when the server repeats it: %s", (text, left) => {
    const before = withTyped(withTranscript([], said("u0", "Hello")), "typed-1", "hi");
    const entries = withNotice(withTyped(before, "typed-2", "Hello"), "n", "Connected again");
    expect(withRepeated(entries, said("u1", text)).map(({ id }) => id)).toEqual(left);
    const answered = withTranscript(entries, { ...said("a1", "Hi."), role: "assistant" });
    expect(withRepeated(answered, said("u1", text))).toEqual(answered);
  });

  it("is bounded", () => {
    let entries: readonly TranscriptLine[] = [];
    for (let i = 0; i < 600; i++) entries = withNotice(entries, `n${i}`, "x");
    expect(entries.length).toBe(500);
    expect(entries.at(-1)?.id).toBe("n599");
  });
});

it.each([
  ["Hello there, friend.", "Hello there,", 12],
  ["Hello  there, friend.", "Hello there,", 13],
  ["Hello there.", "", 0],
  ["Hello there.", "Hello there.", 12],
  ["Hello there.", "Hello there. And much more.", 12],
])("of %j, %j covers %d characters", (text, heard, length) => {
  expect(heardLength(text, heard)).toBe(length);
});
