import { describe, expect, it } from "vitest";
import { Vendor } from "./vendor.fixture.ts";

const WAIT_MS = 1_500;

/** Two stretches of speech, with the answer to the first between them. */
function between(): Vendor {
  const v = new Vendor();
  v.speechStarted("u1");
  v.speechStopped("u1");
  v.begin("r1");
  v.words("r1", "a1", "answer");
  v.done("r1", "cancelled");
  v.speechStarted("u2");
  v.speechStopped("u2", "a1");
  return v;
}

const spoken = ["user: one", "assistant: answer", "user: two"];

describe("transcripts come in speaking order", () => {
  it.each<[string, (v: Vendor) => void]>([
    ["in it", (v) => [v.heard("u1", "one"), v.heard("u2", "two")]],
    ["the second first", (v) => [v.heard("u2", "two"), v.heard("u1", "one")]],
    ["told twice", (v) => [v.heard("u2", "two"), v.heard("u2", "zwei"), v.heard("u1", "one"), v.heard("u1", "eins")]],
  ])("%s", (_name, tell) => {
    const v = between();
    tell(v);
    expect(v.finals).toEqual(spoken);
    expect(v.events.at(-1)).toMatchObject({ type: "transcript", itemId: "u2", final: true });
    expect(v.carried()).toEqual(spoken);
  });

  it("also in part: no word of the second before the last of the first", () => {
    const v = between();
    const delta = (item_id: string, text: string): void =>
      v.say("conversation.item.input_audio_transcription.delta", { item_id, delta: text });
    delta("u2", "t");
    delta("u1", "o");
    delta("u2", "wo");
    v.heard("u1", "one");
    v.heard("u2", "two");
    const words = v.events.flatMap((e) => (e.type === "transcript" && e.role === "user" ? [e.text] : []));
    expect(words).toEqual(["o", "one", "two", "two"]);
  });

  it("when the vendor tells of the first only after the second", () => {
    const v = new Vendor();
    v.say("input_audio_buffer.committed", { item_id: "u2", previous_item_id: "u1" });
    v.say("input_audio_buffer.committed", { item_id: "u1", previous_item_id: null });
    v.heard("u2", "two");
    v.heard("u1", "one");
    expect(v.finals).toEqual(["user: one", "user: two"]);
    expect(v.carried()).toEqual(["user: one", "user: two"]);
  });

  it("when the vendor tells of items and not of commits", () => {
    const v = new Vendor();
    for (const id of ["u1", "u2"])
      v.say("conversation.item.added", {
        item: { id, type: "message", role: "user", content: [{ type: "input_audio" }] },
      });
    v.heard("u2", "two");
    v.heard("u1", "one");
    expect(v.finals).toEqual(["user: one", "user: two"]);
  });
});

describe("a transcript that does not come", () => {
  it("holds the others up for its own time only, and may still come", async () => {
    const v = new Vendor();
    v.speechStarted("u1");
    v.speechStopped("u1");
    await v.clock.advance(WAIT_MS - 100);
    v.speechStarted("u2");
    v.speechStopped("u2", "u1");
    v.speechStarted("u3");
    v.speechStopped("u3", "u2");
    v.heard("u3", "three");
    await v.clock.advance(99);
    expect(v.finals).toEqual([]);
    await v.clock.advance(1);
    v.heard("u1", "one");
    // The second has its time, too.
    expect(v.finals).toEqual(["user: one"]);
    v.heard("u2", "two");
    expect(v.finals).toEqual(["user: one", "user: two", "user: three"]);
    expect(v.carried()).toEqual(["user: one", "user: two", "user: three"]);
    expect(v.clock.pendingTimers).toBe(0);
  });

  it("because it failed holds nothing up", () => {
    const v = between();
    v.heard("u2", "two");
    v.say("conversation.item.input_audio_transcription.failed", { item_id: "u1", error: { code: "no" } });
    expect(v.finals).toEqual(["user: ", "assistant: answer", "user: two"]);
  });

  it("because the connection is gone holds nothing up", () => {
    const v = between();
    v.heard("u2", "two");
    v.lose();
    expect(v.finals).toEqual(["assistant: answer", "user: two"]);
    expect(v.clock.pendingTimers).toBe(0);
  });
});

it("the audio of an answer waits for no words, its end and its calls do", () => {
  const v = new Vendor();
  v.speechStarted("u1");
  v.speechStopped("u1");
  v.begin("r1");
  v.audio("r1", "a1", 40);
  v.words("r1", "a1", "answer");
  v.call("r1", "c1");
  v.done("r1");
  const types = (): string[] => v.events.map(({ type }) => type);
  expect(types()).toEqual(["speech-start", "speech-end", "response-start", "audio", "audio"]);
  v.heard("u1", "one");
  expect(types().slice(5)).toEqual(["transcript", "transcript", "tool-call", "transcript", "response-end"]);
});

it("any order of what is told leads to the order of what was said", () => {
  let seed = 9;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let run = 0; run < 200; run++) {
    const v = new Vendor();
    const count = 2 + random(4);
    const late: (() => void)[] = [];
    for (let i = 1; i <= count; i++) {
      v.speechStarted(`u${i}`);
      v.speechStopped(`u${i}`, i > 1 ? `a${i - 1}` : null);
      v.begin(`r${i}`);
      v.words(`r${i}`, `a${i}`, `a${i}`);
      v.done(`r${i}`);
      late.push(() => v.heard(`u${i}`, `u${i}`));
      while (late.length > 0 && random(2) === 0) late.splice(random(late.length), 1)[0]?.();
    }
    while (late.length > 0) late.splice(random(late.length), 1)[0]?.();
    const order = Array.from({ length: count }, (_, i) => [`user: u${i + 1}`, `assistant: a${i + 1}`]).flat();
    expect(v.finals).toEqual(order);
    expect(v.carried()).toEqual(order);
    expect(v.clock.pendingTimers).toBe(0);
  }
});
