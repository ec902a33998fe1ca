import { silentLogger } from "@roomkit/core";
import { dtmf, dtmfTones } from "@roomkit/dtmf";
import { audioPipeline } from "@roomkit/pipeline";
import { inFrames, inSequence, samplesOfWav, speechLike, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { wavRecorder } from "./index.ts";
import { MemoryStorage, mono, sides } from "./storage.fixture.ts";

/** A second of nothing with a click in it. */
function click(rate: number, atMs: number): Int16Array {
  const samples = new Int16Array(rate);
  samples[(atMs * rate) / 1000] = 30_000;
  return samples;
}

const loudest = (samples: Int16Array): number =>
  samples.reduce((best, sample, i) => (Math.abs(sample) > Math.abs(samples[best] as number) ? i : best), 0);

describe("in a pipeline", () => {
  it.each([16_000, 8_000, 48_000])(
    "both sides keep their places to the sample, whatever the rates: %i Hz",
    async (sampleRate) => {
      const clock = new VirtualClock();
      const storage = new MemoryStorage();
      const recorder = wavRecorder({ storage, ...(sampleRate !== 16_000 && { sampleRate }) });
      const [inbound, outbound] = [
        { sampleRate: 48_000, channels: 1 },
        { sampleRate: 24_000, channels: 1 },
      ] as const;
      const pipeline = audioPipeline({ recorder, logger: silentLogger });
      const stream = pipeline.open({ inbound, outbound, sessionId: "s", clock });
      stream.recording?.start();
      // The caller clicks at 250 ms. What is played begins at 313.5 ms, with a click at 500 ms of it.
      const heard = inFrames(click(48_000, 250), inbound);
      const played = inFrames(click(24_000, 500), outbound);
      for (let i = 0; i < 50; i++) {
        const frame = played[i];
        if (frame) stream.played(frame, 313.5 + frame.timestamp);
        await clock.advance(20);
        if (heard[i]) stream.processInbound(heard[i] as (typeof heard)[number]);
      }
      await clock.advance(500);
      void stream.recording?.stop("done");
      stream.close();
      await clock.advance(5_000);
      const file = storage.file(".wav");
      const { format, samples } = samplesOfWav(file);
      expect(format).toEqual({ sampleRate, channels: 2 });
      const { left, right } = sampleRate === 16_000 ? sides(file) : split(samples);
      const perMs = sampleRate / 1000;
      expect(Math.abs(loudest(left) - 250 * perMs)).toBeLessThanOrEqual(1);
      expect(Math.abs(loudest(right) - 813.5 * perMs)).toBeLessThanOrEqual(1);
    },
  );
});

it.each([8_000, 16_000, 48_000])(
  "at %i Hz a call of many utterances has lost nothing, however they change their rate",
  async (sampleRate) => {
    const clock = new VirtualClock();
    const recorder = wavRecorder({ storage: new MemoryStorage(), sampleRate });
    const outbound = { sampleRate: 24_000, channels: 1 } as const;
    const pipeline = audioPipeline({ recorder, logger: silentLogger });
    const stream = pipeline.open({ inbound: mono, outbound, sessionId: "s", clock });
    stream.recording?.start();
    for (let utterance = 0; utterance < 10; utterance++) {
      for (const frame of inFrames(new Int16Array(24_000), outbound)) {
        stream.played({ ...frame, timestamp: clock.now() }, clock.now());
        await clock.advance(20);
      }
      await clock.advance(9_000);
    }
    const ended = stream.recording?.stop("done");
    stream.close();
    await clock.advance(5_000);
    expect(await ended).toMatchObject({ lostMs: 0, reason: "done", files: [{ durationMs: 100_000 }] });
  },
);

describe("with a detector of touch tones", () => {
  it("no digit is heard in it, and what is said between them is", async () => {
    const clock = new VirtualClock();
    const storage = new MemoryStorage();
    const recorder = wavRecorder({ storage, layout: "inbound", muteDigits: true, sidecar: true });
    const pipeline = audioPipeline({ recorder, dtmf: dtmf(), logger: silentLogger });
    const stream = pipeline.open({ inbound: mono, outbound: mono, sessionId: "s", clock });
    stream.recording?.start();
    const pin = (toneMs: number) => dtmfTones("42#", { sampleRate: 16_000, toneMs, pauseMs: 200 }).samples;
    const said = inSequence(speechLike(16_000, 1_000, 4_000), pin(80), pin(1_000), speechLike(16_000, 1_000, 4_000, 2));
    for (const frame of inFrames(said, mono)) {
      await clock.advance(20);
      stream.processInbound(frame);
    }
    await clock.advance(500);
    void stream.recording?.stop("done");
    stream.close();
    await clock.advance(5_000);
    const { samples } = samplesOfWav(storage.file(".wav"));
    // From 20 ms before the first digit to the end of the last: nothing of any.
    const [from, to] = [980 * 16, 16 * (1_000 + 840 + 3_600)];
    expect(loudestOf(samples.subarray(from, to - 200 * 16))).toBe(0);
    expect(samples.subarray(0, 930 * 16)).toEqual(said.subarray(0, 930 * 16));
    expect(samples.subarray(to, to + 16_000)).toEqual(said.subarray(to, to + 16_000));
    const json = new TextDecoder().decode(storage.file(".json"));
    expect(JSON.parse(json).events.filter(({ type }: { type: string }) => type === "dtmf")).toHaveLength(6);
    expect(json).not.toContain("digit");
  });
});

const loudestOf = (samples: Int16Array): number => Math.abs(samples[loudest(samples)] ?? 0);

function split(samples: Int16Array): { readonly left: Int16Array; readonly right: Int16Array } {
  return { left: samples.filter((_sample, i) => i % 2 === 0), right: samples.filter((_sample, i) => i % 2 === 1) };
}
