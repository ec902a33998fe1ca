import { describe, expect, it } from "vitest";
import { Vendor } from "./vendor.fixture.ts";

/** What the vendor owes is watched by whoever runs the protocol: its silence is taken for a fault. */
describe("an answer is owed", () => {
  const owed: Record<string, readonly [(v: Vendor) => void, boolean]> = {
    "from the end of speech on": [(v) => v.speechStopped("u1"), true],
    "although the words are there": [
      (v) => {
        v.speechStopped("u1");
        v.heard("u1", "hello");
      },
      true,
    ],
    "not while the caller goes on": [
      (v) => {
        v.speechStopped("u1");
        v.speechStarted("u2");
      },
      false,
    ],
    "not when it has come": [
      (v) => {
        v.speechStopped("u1");
        v.begin("r1");
        v.done("r1");
      },
      false,
    ],
    "not when nobody wants it any more": [
      (v) => {
        v.speechStopped("u1");
        v.protocol.interrupt();
      },
      false,
    ],
    "not before": [() => {}, false],
  };

  it.each(Object.entries(owed))("%s", async (_, [act, expected]) => {
    const v = new Vendor();
    v.speechStarted("u1");
    act(v);
    await v.clock.advance(10_000);
    expect(v.protocol.waiting).toBe(expected);
    v.lose();
    expect([v.protocol.waiting, v.clock.pendingTimers]).toEqual([false, 0]);
  });

  it("to no speech where the application asks for answers", () => {
    const v = new Vendor({ turnDetection: { type: "server_vad", createResponse: false } });
    v.speechStarted("u1");
    v.speechStopped("u1");
    expect(v.protocol.waiting).toBe(false);
  });

  it("to a turn ended by hand", () => {
    const v = new Vendor({}, { turnDetection: "manual" });
    v.protocol.activityStart();
    for (let at = 0; at < 200; at += 20)
      v.protocol.sendAudio({ samples: new Int16Array(480), sampleRate: 24_000, channels: 1, timestamp: at });
    expect(v.protocol.waiting).toBe(false);
    v.protocol.activityEnd();
    expect(v.protocol.waiting).toBe(true);
  });

  it.each([
    ["is asked for on the next connection", "hello", ["user: hello"]],
    [
      "whose words are lost is asked for in their stead",
      undefined,
      ["system: What the caller just said was lost. Ask them to say it again."],
    ],
  ])("to speech and %s", (_, words, expected) => {
    const v = new Vendor();
    v.speechStarted("u1");
    v.speechStopped("u1");
    if (words !== undefined) v.heard("u1", words);
    expect(v.carried()).toEqual(expected);
    expect(v.asked).toBe(1);
  });
});
