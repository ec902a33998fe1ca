import { RoomKitError, silentLogger } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { samplesOfWav, settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { wavTaps } from "./index.ts";
import { flat, MemoryStorage, mono, runs } from "./storage.fixture.ts";

const gain = (add: number) => ({
  name: "gain",
  open: () => ({
    process: (frame: ReturnType<typeof flat>) => ({ ...frame, samples: frame.samples.map((sample) => sample + add) }),
    reset() {},
    close() {},
  }),
});

function opened(storage: MemoryStorage, more: { readonly maxDurationMs?: number; readonly maxQueuedMs?: number } = {}) {
  const clock = new VirtualClock();
  const failures: string[] = [];
  const taps = wavTaps({ storage, ...more });
  const pipeline = audioPipeline({ agc: gain(1), denoiser: gain(10), taps, logger: silentLogger });
  const stream = pipeline.open({ inbound: mono, outbound: mono, sessionId: "../../call", clock });
  stream.on("stage-error", ({ stage, error }) => failures.push(`${stage} ${error.code}`));
  const end = async (): Promise<void> => {
    stream.close();
    await settle();
    await clock.advance(20_000);
    await settle();
  };
  const of = (point: string): Int16Array => samplesOfWav(storage.file(`-${point}.wav`)).samples;
  return { stream, clock, failures, end, of };
}

describe("taps that write", () => {
  it("make one file for each point, which line up", async () => {
    const storage = new MemoryStorage();
    const { stream, end, of } = opened(storage);
    for (let i = 0; i < 100; i++) {
      if (i === 20) stream.stages?.set("agc", false);
      if (i === 40) stream.stages?.set("agc", true);
      // From 1.2 s on 100 ms later: a gap.
      const at = 20 * i + (i >= 60 ? 100 : 0);
      stream.processInbound(flat(1_000, at));
      stream.played(flat(7, at));
    }
    await end();
    const points = [...storage.files.keys()].map((name) => name.replace(/^.*?call-/, "")).sort();
    expect(points).toEqual([
      ...[
        "in-0-received.wav",
        "in-1-aec.wav",
        "in-2-echoGuard.wav",
        "in-3-agc.wav",
        "in-4-denoiser.wav",
        "in-5-heard.wav",
      ],
      ...["out-0-said.wav", "out-1-played.wav"],
    ]);
    expect([...storage.files.keys()].every((name) => /^[A-Za-z0-9._-]+$/.test(name))).toBe(true);
    const ms = (from: number, to: number) => [16 * from, 16 * to];
    expect(runs(of("in-0-received"))).toEqual([
      [1_000, ...ms(0, 1_200)],
      [1_000, ...ms(1_300, 2_100)],
    ]);
    expect(runs(of("in-3-agc"))).toEqual([
      [1_001, ...ms(0, 400)],
      [1_001, ...ms(800, 1_200)],
      [1_001, ...ms(1_300, 2_100)],
    ]);
    expect(runs(of("in-4-denoiser")).map(([value]) => value)).toEqual([1_011, 1_010, 1_011, 1_011]);
    expect(of("out-1-played")).toHaveLength(2_100 * 16);
    expect(storage.closed.size).toBe(8);
  });

  it("end at their longest, and go on with the call when the storage fails or hangs", async () => {
    const long = new MemoryStorage();
    const short = opened(long, { maxDurationMs: 1_000 });
    for (let i = 0; i < 100; i++) short.stream.processInbound(flat(5, 20 * i));
    short.stream.processInbound(flat(5, 3_600_000));
    await short.end();
    expect(short.of("in-5-heard")).toHaveLength(16_000);
    const bad = new MemoryStorage();
    bad.before = (call) => {
      if (call === "open") throw new RoomKitError("disk_full", "made to fail");
    };
    const failing = opened(bad);
    await settle();
    failing.stream.processInbound(flat(5, 0));
    expect(failing.failures).toContain("tap in-0-received disk_full");
    await failing.end();
    const slow = new MemoryStorage();
    slow.before = (call) => (call === "write" ? new Promise(() => {}) : undefined);
    const hanging = opened(slow, { maxQueuedMs: 1_000 });
    for (let i = 0; i < 500; i++) hanging.stream.processInbound(flat(5, 20 * i));
    expect(hanging.failures).toContain("tap in-0-received storage_timeout");
    await hanging.end();
  });

  it("refuse what is no storage", () => {
    for (const storage of ["", "a\0b", {}, 7])
      expect(() => wavTaps({ storage: storage as string })).toThrow(
        expect.objectContaining({ code: "invalid_option" }),
      );
  });
});
