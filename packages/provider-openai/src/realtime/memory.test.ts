import { describe, expect, it } from "vitest";
import { Vendor } from "./vendor.fixture.ts";

const WORDS = "one two three four five six seven eight";

/** A response of one item, in pieces: words, and 2 s of audio. */
const steps = {
  words: (v: Vendor) => {
    for (const word of WORDS.split(/(?<= )/)) v.words("r1", "i1", word);
  },
  audio: (v: Vendor) => v.audio("r1", "i1", 2_000),
  truncate: (v: Vendor) => v.protocol.truncate("i1", 1_000),
  final: (v: Vendor) =>
    v.say("response.output_audio_transcript.done", { response_id: "r1", item_id: "i1", transcript: WORDS }),
  done: (v: Vendor) => v.done("r1", "cancelled"),
};

/** The orders these come in. Whatever comes first, half of the audio is half of the words. */
const orders: (keyof typeof steps)[][] = [
  ["words", "audio", "truncate", "done"],
  ["audio", "words", "truncate", "final", "done"],
  ["audio", "truncate", "words", "done"],
  ["audio", "truncate", "final", "done"],
  ["words", "truncate", "audio", "done"],
  ["truncate", "words", "audio", "done"],
  ["words", "audio", "done", "truncate"],
  ["audio", "done", "truncate", "final"],
  ["audio", "truncate", "done", "final"],
  ["audio", "truncate", "done", "words"],
];

describe("what a new connection is told of an answer that was cut off", () => {
  it.each(orders.map((order) => [order.join(", "), order] as const))("%s", (_name, order) => {
    const v = new Vendor();
    v.protocol.sendText("count", {});
    v.begin("r1");
    // Known, so that a truncation before all else has something to hold on to.
    v.say("response.output_item.added", { response_id: "r1", item: { id: "i1", type: "message", role: "assistant" } });
    for (const step of order) steps[step](v);
    expect(v.carried()).toEqual(["user: count", "assistant: one two three four"]);
  });

  const answer = (words = WORDS): Vendor => {
    const v = new Vendor();
    v.begin("r1");
    v.words("r1", "i1", words);
    v.audio("r1", "i1", 2_000);
    return v;
  };

  it("is the smaller of two truncations, whichever comes last", () => {
    for (const cuts of [
      [1_000, 1_500],
      [1_500, 1_000],
      [100_000, 1_000],
      [1_000, Number.NaN],
    ]) {
      const v = answer();
      for (const cut of cuts) v.protocol.truncate("i1", cut);
      v.done("r1", "cancelled");
      expect(v.carried()).toEqual(["assistant: one two three four"]);
    }
  });

  it("is nothing when nothing was heard", () => {
    const v = answer();
    v.protocol.truncate("i1", 0);
    v.done("r1", "cancelled");
    expect(v.carried()).toEqual([]);
  });

  it("is all of it when all was heard", () => {
    const v = answer();
    v.done("r1");
    v.protocol.truncate("i1", 2_000);
    expect(v.carried()).toEqual([`assistant: ${WORDS}`]);
  });

  it("holds no half character", () => {
    const v = answer("👩‍👩‍👧‍👦👩‍👩‍👧‍👦 👩‍👩‍👧‍👦👩‍👩‍👧‍👦");
    v.protocol.truncate("i1", 1_100);
    v.done("r1", "cancelled");
    const [said = "assistant: "] = v.carried();
    const families = said.slice("assistant: ".length).replaceAll(" ", "").split("👩‍👩‍👧‍👦");
    expect(families.every((rest) => rest === "")).toBe(true);
  });

  it("is not what the caller said, nor what was only written", () => {
    const v = new Vendor();
    v.speechStarted("u1");
    v.speechStopped("u1");
    v.heard("u1", "read me the whole of it");
    v.begin("r1");
    v.say("response.output_text.delta", { response_id: "r1", item_id: "i1", delta: WORDS });
    for (const id of ["u1", "i1", "nobody"]) v.protocol.truncate(id, 100);
    v.done("r1");
    expect(v.of("conversation.item.truncate")).toEqual([]);
    expect(v.carried()).toEqual(["user: read me the whole of it", `assistant: ${WORDS}`]);
  });

  it("is no item that began after the interruption", () => {
    const v = answer();
    v.protocol.interrupt();
    v.words("r1", "i2", "and nobody heard this");
    v.audio("r1", "i2", 500);
    v.protocol.truncate("i1", 1_000);
    v.done("r1", "cancelled");
    expect(v.carried()).toEqual(["assistant: one two three four"]);
  });

  it("is nothing of what the vendor has deleted, and no more than it says was kept", () => {
    const v = answer();
    v.words("r1", "i2", "away with it");
    v.done("r1");
    v.say("conversation.item.deleted", { item_id: "i2" });
    v.say("conversation.item.truncated", { item_id: "i1", content_index: 0, audio_end_ms: 1_000 });
    expect(v.carried()).toEqual(["assistant: one two three four"]);
  });

  it("is the same on every connection after that", () => {
    const v = answer();
    v.protocol.truncate("i1", 1_000);
    v.done("r1", "cancelled");
    v.carried();
    expect(v.carried()).toEqual(["assistant: one two three four"]);
  });

  it("counts also when it is known only after the loss", () => {
    const v = answer();
    v.lose();
    v.protocol.truncate("i1", 1_000);
    v.connect();
    expect(v.carried()).toEqual(["assistant: one two three four"]);
  });
});

it("the vendor is told of a cut when audio beyond it comes, and once", () => {
  const v = new Vendor();
  v.begin("r1");
  v.audio("r1", "i1", 900);
  v.protocol.truncate("i1", 1_000);
  expect(v.of("conversation.item.truncate")).toEqual([]);
  v.audio("r1", "i1", 900);
  v.audio("r1", "i1", 900);
  v.protocol.truncate("i1", 1_000);
  expect(v.of("conversation.item.truncate")).toMatchObject([{ item_id: "i1", audio_end_ms: 1_000 }]);
});
