import { expect, it } from "vitest";
import { Vendor } from "./vendor.fixture.ts";

const said = (v: Vendor): unknown[] =>
  v.events.flatMap((e) =>
    e.type === "transcript" && e.role === "assistant" ? [[e.responseId, e.itemId, e.text, e.final, e.audioMs]] : [],
  );

it("words that come after their response has ended, and after the next has begun, are told once, as its own", () => {
  const v = new Vendor();
  v.begin("r1");
  v.audio("r1", "i1", 400);
  v.done("r1");
  v.begin("r2");
  v.words("r2", "i2", "Two.");
  for (let twice = 0; twice < 2; twice++)
    v.say("response.output_audio_transcript.done", { response_id: "r1", item_id: "i1", transcript: "One." });
  v.done("r2");
  expect(said(v)).toEqual([
    ["r2", "i2", "Two.", false, undefined],
    ["r1", "i1", "One.", true, undefined],
    ["r2", "i2", "Two.", true, undefined],
  ]);
});

it("words of audio that is not given out after an interruption come with its length", () => {
  const v = new Vendor();
  v.begin("r1");
  v.audio("r1", "i1", 400);
  v.protocol.interrupt();
  v.audio("r1", "i1", 600);
  v.words("r1", "i1", "One two three.");
  v.done("r1", "cancelled");
  expect(said(v)).toEqual([
    ["r1", "i1", "One two three.", false, 1_000],
    ["r1", "i1", "One two three.", true, 1_000],
  ]);
  expect(v.events.filter(({ type }) => type === "audio")).toHaveLength(20);
});
