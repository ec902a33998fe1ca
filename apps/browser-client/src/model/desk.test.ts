import { describe, expect, it } from "vitest";
import { readDeskMessage, SoundHistory } from "./desk.ts";

describe("what a server says of the sound", () => {
  it("is read", () => {
    const stages = [{ role: "aec", state: "native", more: 1 }];
    expect(readDeskMessage({ type: "state", stages, recording: { state: "recording", address: "/a" } })).toEqual({
      type: "state",
      stages: [{ role: "aec", state: "native" }],
      recording: { state: "recording", address: "/a" },
    });
    expect(readDeskMessage({ type: "level", before: -30, after: -20, speech: 0.5 })).toEqual({
      ...{ type: "level", before: -30, after: -20, speech: 0.5 },
    });
    expect(readDeskMessage({ type: "echo", couplingDb: -18, delayMs: 90 })).toEqual({ type: "echo", couplingDb: -18 });
    expect(readDeskMessage({ type: "level", before: -30, after: "x" })).toMatchObject({ after: undefined });
  });

  it.each([null, 7, "state", [], {}, { type: "state" }, { type: "level" }, { type: "level", before: "loud" }])(
    "is nothing when it is %j",
    (payload) => expect(readDeskMessage(payload)).toBeUndefined(),
  );

  it("leaves out what is no stage and no recording", () => {
    const stages = [null, 1, { role: "constructor", state: "on" }, { role: "agc" }, { role: "agc", state: "loud" }];
    for (const recording of [undefined, null, 5, { state: "gone", address: 7 }])
      expect(readDeskMessage({ type: "state", stages, recording })).toEqual({
        ...{ type: "state", stages: [], recording: { state: "off", address: undefined } },
      });
  });
});

describe("the history of the sound", () => {
  it("keeps the newest only", () => {
    const history = new SoundHistory(3);
    for (const before of [-50, -40, -30, 0])
      history.push({ type: "level", before, after: undefined, speech: before / -50 });
    expect([0, 1, 2, 3].map((age) => history.at(age)?.speech)).toEqual([-0, 0.6, 0.8, undefined]);
    expect(history.at(0)).toMatchObject({ before: 1, after: 1 });
    history.clear();
    expect(history.at(0)).toBeUndefined();
  });
});
