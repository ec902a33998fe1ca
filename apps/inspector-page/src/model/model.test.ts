import type { CallRow, InspectorView, ProcessView } from "@roomkit/inspector";
import { describe, expect, it } from "vitest";
import { EventReader } from "./events.ts";
import { allCalls, listed, medianWait } from "./listed.ts";
import { troublesOf } from "./troubles.ts";
import { inMs, lasting, lossOf, percent, reasonOf, stateOf } from "./words.ts";

const call = (more: Partial<CallRow> = {}): CallRow => ({
  ...{ id: "s", room: "r", channel: "voice", who: "ada", transport: "webrtc", providers: {}, startedAt: 0 },
  ...{ levels: {}, turns: 0, interrupted: 0, toolCalls: 0, errors: 0 },
  ...more,
});
const turn = (replyMs: number) => ({ at: 0, stages: [], replyMs, interrupted: false });
const inbound = { received: 970, lost: 30, late: 3, jitterMs: 4, concealedMs: 0 };
const view = (...calls: CallRow[]): InspectorView => {
  const self: ProcessView = {
    ...{ id: "p", name: "voice-1", self: true, ageMs: 0, stale: false, newer: false, more: 0 },
    calls,
  };
  return { at: 300_000, processes: [self], actions: true };
};

describe("words", () => {
  it("are short, and never say more than is known", () => {
    expect([inMs(12.4), inMs(999), inMs(1_240)]).toEqual(["12 ms", "999 ms", "1.24 s"]);
    expect([lasting(-5), lasting(7_900), lasting(760_000), lasting(3_725_000)]).toEqual([
      ...["0:00", "0:07", "12:40", "1:02:05"],
    ]);
    expect([percent(0), percent(0.004), percent(0.5)]).toEqual(["0 %", "0.4 %", "50 %"]);
    expect([lossOf(call()), lossOf(call({ quality: { inbound } }))]).toEqual([undefined, 0.03]);
    expect(lossOf(call({ quality: { inbound: { ...inbound, received: 0, lost: 0 } } }))).toBe(0);
    expect([reasonOf("timeout"), reasonOf("odd")]).toEqual([expect.stringMatching(/answer/), "It was refused: odd."]);
  });

  it("tell of muting before of who has the floor", () => {
    const status = { state: "speaking", microphoneOff: false, muted: false, outputMuted: false } as const;
    const name = (more: Partial<CallRow>): string => stateOf(call({ status, ...more })).name;
    expect(name({})).toBe("Speaking");
    expect(name({ status: { ...status, microphoneOff: true } })).toBe("Microphone off");
    expect(name({ status: { ...status, microphoneOff: true, muted: true } })).toBe("Muted");
    expect(name({ status: undefined })).toBe("On the line");
    expect(name({ ended: { at: 1, reason: "x" } })).toBe("Ended");
  });
});

describe("a call", () => {
  it.each<[Partial<CallRow>, readonly string[]]>([
    [{}, []],
    [{ quality: { inbound } }, ["3.0 % lost"]],
    [{ quality: { inbound: { ...inbound, lost: 0, jitterMs: 41.2 } } }, ["41 ms jitter"]],
    [{ lastTurn: turn(2_100) }, ["slow: 2.10 s"]],
    [{ echo: { couplingDb: -10, delayMs: 100 } }, ["echo"]],
    [{ echo: false, quality: { droppedMs: 20 } }, ["audio dropped"]],
    [{ lastError: { at: 200_000, where: "stt_error", code: "timeout" } }, ["timeout"]],
    [{ lastError: { at: 100_000, where: "stt_error", code: "timeout" } }, []],
    [{ ended: { at: 1, reason: "x" }, lastTurn: turn(9_000) }, []],
  ])("%j needs a look: %j", (more, troubles) => {
    expect(troublesOf(call(more), 300_000)).toEqual(troubles);
  });

  it("is found by what it is called, among those of a kind, the newest first", () => {
    const calls = allCalls(
      view(
        call({ id: "old" }),
        call({ id: "new", startedAt: 5, who: "Bashir", lastTurn: turn(2_500) }),
        call({ id: "over", ended: { at: 9, reason: "x" } }),
      ),
    );
    const ids = (...args: [filter: "live" | "trouble" | "ended", search: string]): string =>
      `${listed(calls, ...args).map(({ call: { id } }) => id)}`;
    expect(ids("live", "")).toBe("new,old");
    expect(ids("trouble", "")).toBe("new");
    expect(ids("ended", "")).toBe("over");
    expect(ids("live", " bashir VOICE-1 ")).toBe("new");
    expect(ids("live", "nobody")).toBe("");
    expect([medianWait(calls), medianWait([])]).toEqual([2_500, undefined]);
  });
});

it("events are put together however they are cut", () => {
  const stream = 'data: {"a":1}\n\n: ping\n\ndata: {"b":2}\n\n';
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new EventReader();
    expect([...reader.add(stream.slice(0, cut)), ...reader.add(stream.slice(cut))]).toEqual(['{"a":1}', '{"b":2}']);
  }
});
