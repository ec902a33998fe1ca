import { samplesOfWav, settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { flat, frame, MemoryStorage, mono, open, type Rig, runs, sides } from "./storage.fixture.ts";

/** The caller says 100 for `ms`, and hears 200 in the second half of it. */
async function talk({ clock, recorder }: Rig, ms: number, from = clock.now()): Promise<void> {
  for (let at = 0; at < ms; at += 20) {
    if (at >= ms / 2) recorder.outbound(flat(200, clock.now() - from), clock.now());
    await clock.advance(20);
    recorder.inbound(flat(100, from + at));
  }
}

describe("a recording", () => {
  it("has the caller left and what they heard right, each where it was", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage });
    rig.recorder.recording.start();
    await talk(rig, 2_000);
    await rig.clock.advance(500);
    const summary = await rig.end();
    const { left, right } = sides(storage.file(".wav"));
    expect(runs(left)).toEqual([[100, 0, 32_000]]);
    expect(runs(right)).toEqual([[200, 16_000, 32_000]]);
    expect(left).toHaveLength(40_000);
    expect(summary).toMatchObject({
      ...{ reason: "client_closed", durationMs: 2_500, lostMs: 0, startedAt: Date.UTC(2025, 0, 1) },
      channels: ["inbound", "outbound"],
      files: [{ kind: "audio", bytes: 44 + 160_000, durationMs: 2_500, channels: ["inbound", "outbound"] }],
    });
    expect(summary.files[0]?.name).toBe("20250101T000000000Z-vs_1.wav");
    expect(summary.error).toBeUndefined();
    expect([storage.closed.size, rig.clock.pendingTimers, rig.reports]).toEqual([1, 0, []]);
  });

  it.each([
    [
      "mixed",
      [
        [
          [100, 0, 16_000],
          [300, 16_000, 32_000],
        ],
      ],
    ],
    ["inbound", [[[100, 0, 32_000]]]],
    ["outbound", [[[200, 16_000, 32_000]]]],
    ["separate", [[[100, 0, 32_000]], [[200, 16_000, 32_000]]]],
  ] as const)("may be %s", async (layout, expected) => {
    const storage = new MemoryStorage();
    const rig = open({ storage, layout });
    rig.recorder.recording.start();
    await talk(rig, 2_000);
    const { files, channels } = await rig.end();
    expect(files.map(({ name }) => runs(samplesOfWav(storage.files.get(name) as Uint8Array).samples))).toEqual(
      expected,
    );
    expect(channels).toEqual(layout === "inbound" || layout === "outbound" ? [layout] : ["inbound", "outbound"]);
    if (layout === "separate") expect(files.map(({ channels: [side] }) => side)).toEqual(["inbound", "outbound"]);
  });

  it("does not sound louder than a file can be where both speak", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, layout: "mixed" });
    rig.recorder.recording.start();
    for (const value of [20_000, -20_000]) {
      rig.recorder.outbound(flat(value, 0), rig.clock.now());
      await rig.clock.advance(20);
      rig.recorder.inbound(flat(value, rig.clock.now() - 20));
    }
    await rig.end();
    expect(runs(samplesOfWav(storage.file(".wav")).samples)).toEqual([
      [32_767, 0, 320],
      [-32_768, 320, 640],
    ]);
  });

  it("has the pipeline give it what is played, at the rate it asks for", async () => {
    const { wavRecorder } = await import("./index.ts");
    const factory = wavRecorder({ storage: new MemoryStorage(), sampleRate: 8_000 });
    expect([factory.outbound, factory.sampleRate]).toEqual(["played", 8_000]);
    expect(() => factory.open({ sampleRate: 8_000, channels: 2 })).toThrow("mono");
  });

  it("has lost nothing when it begins in the middle of a frame", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage });
    for (let i = 0; i < 100; i++) {
      await rig.clock.advance(7);
      if (i === 50) rig.recorder.recording.start();
      await rig.clock.advance(13);
      rig.recorder.inbound(flat(5, 20 * i));
      rig.recorder.outbound(flat(6, 20 * i), rig.clock.now() - 20);
    }
    const { lostMs, durationMs } = await rig.end();
    expect([lostMs, Math.round(durationMs)]).toEqual([0, 993]);
  });

  it("ends at its longest, once, and the call goes on", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, maxDurationMs: 3_000 });
    rig.recorder.recording.start();
    await talk(rig, 6_000);
    expect(rig.recorder.recording.state).toBe("ended");
    const summary = await rig.recorder.recording.ended;
    expect(summary).toMatchObject({ reason: "max_duration", durationMs: 3_000 });
    await talk(rig, 1_000);
    expect(sides(storage.file(".wav")).left).toHaveLength(48_000);
  });

  it("is over when its stage is closed, whoever forgot to stop it", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage });
    rig.recorder.recording.start();
    await talk(rig, 200);
    rig.recorder.close();
    rig.recorder.close();
    rig.recorder.inbound(flat(5, 200));
    expect(await rig.end()).toMatchObject({ reason: "closed", durationMs: 200 });
  });

  it("goes on while nobody sends anything, to its longest", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, maxDurationMs: 60_000 });
    rig.recorder.recording.start();
    await talk(rig, 1_000);
    await rig.clock.advance(29_000);
    await settle();
    expect((storage.file(".wav").length - 44) / 64).toBeGreaterThan(18_000);
    await rig.clock.advance(40_000);
    expect(await rig.recorder.recording.ended).toMatchObject({ reason: "max_duration", durationMs: 60_000 });
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("holds no more than what is not written yet", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage });
    rig.recorder.recording.start();
    await talk(rig, 60_000);
    await settle();
    const written = storage.file(".wav").length - 44;
    expect(written / 64).toBeGreaterThanOrEqual(60_000 - 2_100);
    await rig.end();
  });
});

describe("before somebody has agreed", () => {
  it("nothing is in it, and nothing is made", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage });
    await talk(rig, 1_000);
    expect(storage.files.size).toBe(0);
    rig.recorder.recording.start();
    for (let at = 1_000; at < 2_000; at += 20) {
      await rig.clock.advance(20);
      rig.recorder.inbound(flat(300, at));
    }
    await rig.end();
    expect(runs(sides(storage.file(".wav")).left)).toEqual([[300, 0, 16_000]]);
  });

  it("it is held when told so, at most so much", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, beforeConsent: "hold", maxHeldMs: 600 });
    await talk(rig, 1_000);
    expect(storage.files.size).toBe(0);
    rig.recorder.recording.start();
    const summary = await rig.end();
    expect(runs(sides(storage.file(".wav")).left)).toEqual([[100, 0, 9_600]]);
    expect(runs(sides(storage.file(".wav")).right)).toEqual([[200, 1_600, 9_600]]);
    expect(summary.startedAt - Date.UTC(2025, 0, 1)).toBe(400);
  });

  it("all that was held is written, more than may wait for a storage otherwise", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, beforeConsent: "hold", maxQueuedMs: 20, maxLateMs: 0 });
    await talk(rig, 20_000);
    rig.recorder.recording.start();
    expect(await rig.end()).toMatchObject({ lostMs: 0, durationMs: 20_000 });
    expect(runs(sides(storage.file(".wav")).left)).toEqual([[100, 0, 320_000]]);
  });

  it("nothing is left of what was held when they do not", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, beforeConsent: "hold", sidecar: true });
    await talk(rig, 1_000);
    expect(await rig.recorder.recording.stop("refused")).toBeUndefined();
    rig.recorder.recording.start();
    rig.recorder.inbound(flat(100, 1_000));
    expect([rig.recorder.recording.state, storage.files.size, rig.clock.pendingTimers]).toEqual(["ended", 0, 0]);
  });
});

describe("a pause", () => {
  const spoken = async (pause: "silence" | "cut", sidecar = false) => {
    const storage = new MemoryStorage();
    const rig = open({ storage, pause, sidecar });
    const { recording } = rig.recorder;
    recording.start();
    await talk(rig, 1_000);
    recording.pause();
    recording.pause();
    recording.note({ type: "transcript", role: "user", text: "4111" });
    await talk(rig, 10_000);
    recording.resume();
    recording.resume();
    recording.note({ type: "after" });
    await talk(rig, 1_000);
    const summary = await rig.end();
    return { storage, summary };
  };

  it("is silence as long as it was", async () => {
    const { storage, summary } = await spoken("silence");
    const { left, right } = sides(storage.file(".wav"));
    expect(runs(left)).toEqual([
      [100, 0, 16_000],
      [100, 176_000, 192_000],
    ]);
    expect(runs(right)).toEqual([
      [200, 8_000, 16_000],
      [200, 184_000, 192_000],
    ]);
    expect(summary.durationMs).toBe(12_000);
  });

  it("is cut out when told so, and nothing of it is noted", async () => {
    const { storage, summary } = await spoken("cut", true);
    expect(runs(sides(storage.file(".wav")).left)).toEqual([[100, 0, 32_000]]);
    expect(summary.durationMs).toBe(2_000);
    const sidecar = JSON.parse(new TextDecoder().decode(storage.file(".json")));
    expect(sidecar).toMatchObject({
      transcript: [],
      events: [{ type: "after", atMs: 1_000 }],
      pauses: [{ atMs: 1_000, durationMs: 10_000 }],
      cuts: [{ atMs: 1_000, durationMs: 10_000 }],
    });
    expect(JSON.stringify(sidecar)).not.toMatch(/\b4111\b/);
  });

  it("keeps out what was said in it and comes late", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage });
    const { recording } = rig.recorder;
    recording.start();
    await talk(rig, 1_000);
    // The line stalls, and what was said before, in and after the pause comes at once.
    recording.pause();
    await rig.clock.advance(1_000);
    recording.resume();
    await rig.clock.advance(500);
    for (let at = 1_000; at < 2_500; at += 20) rig.recorder.inbound(flat(at < 2_000 ? 7 : 9, at));
    await rig.end();
    expect(runs(sides(storage.file(".wav")).left)).toEqual([
      [100, 0, 16_000],
      [9, 32_000, 40_000],
    ]);
  });

  it("before the beginning holds from the beginning", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage });
    rig.recorder.recording.pause();
    rig.recorder.recording.start();
    expect(rig.recorder.recording.state).toBe("paused");
    await talk(rig, 1_000);
    rig.recorder.recording.resume();
    await talk(rig, 1_000);
    await rig.end();
    expect(runs(sides(storage.file(".wav")).left)).toEqual([[100, 16_000, 32_000]]);
  });
});

describe("what it leaves out", () => {
  it("digits of the caller, when told so, though they are told when the key is released", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, muteDigits: true, sidecar: true });
    rig.recorder.recording.start();
    for (let at = 0; at < 4_000; at += 20) {
      await rig.clock.advance(20);
      rig.recorder.inbound(flat(100, at));
      if (at === 2_000) rig.recorder.notice?.({ type: "dtmf", digit: "5", durationMs: 1_000, timestamp: 1_000 });
    }
    await rig.end();
    expect(runs(sides(storage.file(".wav")).left)).toEqual([
      [100, 0, 940 * 16],
      [100, 2_060 * 16, 64_000],
    ]);
    const text = new TextDecoder().decode(storage.file(".json"));
    expect(JSON.parse(text).events).toEqual([{ type: "dtmf", durationMs: 1_000, atMs: 1_000 }]);
  });

  it("a digit whose key is held for long, told while it sounds", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, muteDigits: true });
    rig.recorder.recording.start();
    for (let at = 0; at < 8_000; at += 20) {
      await rig.clock.advance(20);
      rig.recorder.inbound(flat(100, at));
      if (at >= 1_040 && at < 6_000)
        rig.recorder.notice?.({ type: "tone", timestamp: 1_000, durationMs: at + 20 - 1_000 });
      if (at === 6_040) rig.recorder.notice?.({ type: "dtmf", digit: "5", durationMs: 5_000, timestamp: 1_000 });
    }
    await rig.end();
    expect(runs(sides(storage.file(".wav")).left)).toEqual([
      [100, 0, 940 * 16],
      [100, 6_060 * 16, 128_000],
    ]);
  });

  const words = async (trigger: "first-speech" | "speech") => {
    const storage = new MemoryStorage();
    const rig = open({ storage, trigger, sidecar: true });
    rig.recorder.recording.start();
    for (let at = 0; at < 12_000; at += 20) {
      // The assistant is heard from 8 s to 9 s, and silence is played else.
      rig.recorder.outbound(flat(at >= 8_000 && at < 9_000 ? 200 : 0, at), at);
      await rig.clock.advance(20);
      rig.recorder.inbound(flat(1 + Math.floor(at / 1_000), at));
      if (at === 2_200) rig.recorder.notice?.({ type: "speech-start", timestamp: 2_000 });
      if (at === 4_000) rig.recorder.notice?.({ type: "speech-end", timestamp: 3_500 });
    }
    const summary = await rig.end();
    return {
      ...sides(storage.file(".wav")),
      summary,
      json: JSON.parse(new TextDecoder().decode(storage.file(".json"))),
    };
  };

  it("what comes before the first word", async () => {
    const { left, right, summary } = await words("first-speech");
    expect(runs(left)[0]).toEqual([2, 0, 4_800]);
    expect(left).toHaveLength((12_000 - 1_700) * 16);
    expect(runs(right)).toEqual([[200, 6_300 * 16, 7_300 * 16]]);
    expect(summary.startedAt - Date.UTC(2025, 0, 1)).toBe(1_700);
  });

  it("what is no speech of either side, and tells where", async () => {
    const { left, right, json, summary } = await words("speech");
    // 1.7 s to 3.8 s, and 7.7 s to 9.3 s.
    expect(left).toHaveLength((2_100 + 1_600) * 16);
    expect(runs(left).map(([value]) => value)).toEqual([2, 3, 4, 8, 9, 10]);
    expect(runs(right)).toEqual([[200, 2_400 * 16, 3_400 * 16]]);
    expect(json.cuts).toEqual([
      { atMs: 2_100, durationMs: 3_900 },
      { atMs: 3_700, durationMs: 2_700 },
    ]);
    expect(json.events).toMatchObject([
      { type: "speech-start", atMs: 300 },
      { type: "speech-end", atMs: 1_800 },
    ]);
    expect(summary.durationMs).toBe(3_700);
  });

  it("nothing at all where nobody ever speaks", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, trigger: "speech" });
    rig.recorder.recording.start();
    for (let at = 0; at < 3_000; at += 20) {
      await rig.clock.advance(20);
      rig.recorder.inbound(frame(new Int16Array(320), at));
    }
    expect(await rig.end()).toMatchObject({ durationMs: 0, files: [{ bytes: 44, durationMs: 0 }] });
    expect(samplesOfWav(storage.file(".wav"))).toEqual({
      samples: new Int16Array(0),
      format: { ...mono, channels: 2 },
    });
  });
});

describe("the sidecar", () => {
  it("has words and events on the clock of the file, and no more of them than are kept", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, sidecar: true, beforeConsent: "hold" });
    const { recording } = rig.recorder;
    await talk(rig, 1_000);
    recording.note({ type: "utterance-start", utterance: "u" });
    recording.start();
    await talk(rig, 1_000);
    rig.recorder.notice?.({ type: "speaker", speaker: "a", confidence: 0.9, timestamp: 1_200 });
    rig.recorder.notice?.({ type: "dtmf", digit: "7", durationMs: 80, timestamp: 500 });
    let told = (): void => {};
    const last = new Promise<void>((resolve) => {
      told = resolve;
    });
    const stopped = recording.stop("client_closed", last);
    await rig.clock.advance(500);
    recording.note({ type: "transcript", role: "assistant", text: "the last words" });
    for (let i = 0; i < 10_000; i++) recording.note({ type: "many" });
    told();
    await rig.clock.advance(5_000);
    const summary = await stopped;
    recording.note({ type: "too late" });
    const json = JSON.parse(new TextDecoder().decode(storage.file(".json")));
    expect(json).toMatchObject({
      ...{ version: 1, id: recording.info.id, sessionId: "vs_1", reason: "client_closed", layout: "stereo" },
      ...{ sampleRate: 16_000, durationMs: 2_000, startedAt: "2025-01-01T00:00:00.000Z", notesDropped: 4 },
      transcript: [{ type: "transcript", role: "assistant", text: "the last words", atMs: 2_000 }],
    });
    expect(json.events.slice(0, 4)).toEqual([
      { type: "dtmf", digit: "7", durationMs: 80, atMs: 500 },
      { type: "utterance-start", utterance: "u", atMs: 1_000 },
      { type: "speaker", speaker: "a", confidence: 0.9, atMs: 1_200 },
      { type: "many", atMs: 2_000 },
    ]);
    expect(summary?.files.map(({ kind }) => kind)).toEqual(["audio", "sidecar"]);
    expect(JSON.stringify(json)).not.toContain("too late");
  });

  it("does not wait long for last words that never come", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, sidecar: true, closeTimeoutMs: 1_000 });
    rig.recorder.recording.start();
    const stopped = rig.recorder.recording.stop("client_closed", new Promise(() => {}));
    await rig.clock.advance(2_000);
    expect((await stopped)?.files.map(({ kind }) => kind)).toEqual(["audio", "sidecar"]);
    expect(rig.clock.pendingTimers).toBe(0);
  });
});
