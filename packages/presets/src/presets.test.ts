import { webrtcAudioProcessing } from "@roomkit/aec-webrtc";
import { type AudioFrame, silentLogger } from "@roomkit/core";
import { type AudioPipelineConfig, audioPipeline } from "@roomkit/pipeline";
import { seededRandom } from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import { browser, phone, speakerphone } from "./presets.ts";

const line = { sampleRate: 8_000, channels: 1 } as const;
let close = (): void => {};
afterEach(() => close());

/** Sends 20 ms frames of `sound` through a pipeline, in seconds; gives what its stages made of them and told. */
function through(config: AudioPipelineConfig, seconds: number, sound: (at: number) => number) {
  const stream = audioPipeline({ ...config, logger: silentLogger }).open({
    inbound: line,
    outbound: line,
    sessionId: "s",
  });
  close = () => stream.close();
  const told: string[] = [];
  const out: number[] = [];
  stream.on("stage-error", ({ stage, error }) => told.push(`${stage} ${error.code}`));
  stream.on("dtmf", ({ digit }) => told.push(`key ${digit}`));
  stream.on("speech-start", () => told.push("speech"));
  stream.on("frame", ({ frame }) => out.push(...frame.samples));
  for (let i = 0; i < seconds * 50; i++) {
    const samples = Int16Array.from({ length: 160 }, (_, n) => sound(i * 160 + n));
    const frame: AudioFrame = { samples, ...line, timestamp: 20 * i };
    stream.played({ ...frame, samples: new Int16Array(160) });
    stream.processInbound(frame);
  }
  return { told, level: (from: number) => rms(out.slice(from * 16_000)) };
}

const rms = (samples: readonly number[]): number =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);

/** Noise of that level, from -1 to 1 times it. */
function noise(level: number): () => number {
  const random = seededRandom(1);
  return () => Math.round(level * (2 * random() - 1));
}
/** The key 5 from 1 s to 1.2 s, in silence. */
const key = (at: number): number => {
  const seconds = at / 8_000;
  if (seconds < 1 || seconds > 1.2) return 0;
  return 4_000 * (Math.sin(2 * Math.PI * 770 * seconds) + Math.sin(2 * Math.PI * 1_336 * seconds));
};
/** Something like a voice, faint: it comes and goes. */
const faint = (at: number): number => (at % 8_000 < 5_000 ? 300 * Math.sin(at * 0.2) : 0);

describe("a preset", () => {
  it.each([
    ["browser", browser()],
    ["phone", phone()],
    ["speakerphone", speakerphone({ processing: webrtcAudioProcessing })],
  ])("%s opens all its stages, and they work together", (_name, config) => {
    const { told, level } = through(config, 4, (at) => 20 * faint(at));
    expect(told).toContain("speech");
    expect(told.filter((each) => each.includes("failed") || each.includes("missing"))).toEqual([]);
    expect(level(1)).toBeGreaterThan(100);
  });

  it("for a browser leaves the audio as it is", () => {
    const [as, was] = [browser(), {}].map((config) => through(config, 4, faint).level(2)) as [number, number];
    // But for the 10 ms that the guard waits for where frames are resampled.
    expect(Math.abs(as / was - 1)).toBeLessThan(0.01);
  });

  it("for a telephone levels, lowers noise and hears keys, which nobody else does", () => {
    expect(through(phone(), 8, faint).level(6)).toBeGreaterThan(3 * through({}, 8, faint).level(6));
    const [half, none] = [phone(), phone({ denoise: 0 })].map((config) => through(config, 6, noise(1_000)).level(4));
    expect(half).toBeLessThan(0.75 * (none as number));
    const { told, level } = through(phone(), 2, key);
    expect(told).toEqual(["key 5"]);
    expect(level(0)).toBeLessThan(through(browser(), 2, key).level(0) / 2);
  });

  it("for a loudspeaker takes noise away and levels, in one instance", () => {
    const config = speakerphone({ processing: webrtcAudioProcessing });
    expect(Object.keys(config)).toEqual(["aec", "echoGuard", "agc", "denoiser", "vad"]);
    expect(through(config, 6, noise(1_000)).level(4)).toBeLessThan(through({}, 6, noise(1_000)).level(4) / 2);
  });

  it("ends speech as soon as it is told to", () => {
    const ends = (pauseMs: number | undefined): number => {
      const stream = audioPipeline({ ...browser({ pauseMs }), logger: silentLogger }).open({
        ...{ inbound: line, outbound: line, sessionId: "s" },
      });
      close = () => stream.close();
      const ended: number[] = [];
      let now = 0;
      stream.on("speech-end", () => ended.push(now));
      for (; now < 3_000; now += 20) {
        const samples = Int16Array.from({ length: 160 }, (_, n) => (now < 1_000 ? 20 * faint(now * 8 + n) : 0));
        stream.processInbound({ samples, ...line, timestamp: now });
      }
      return ended[0] ?? Number.NaN;
    };
    expect(ends(undefined) - ends(200)).toBeGreaterThan(250);
  });

  it.each([0, Number.NaN, "200", 60_001])("refuses a pause of %j ms", (pauseMs) => {
    for (const preset of [browser, phone]) expect(() => preset({ pauseMs: pauseMs as number })).toThrow(/pauseMs/);
  });

  it("takes another detector of speech", () => {
    const { vad } = browser();
    for (const config of [browser({ vad }), phone({ vad }), speakerphone({ vad, processing: webrtcAudioProcessing })])
      expect(config.vad).toBe(vad);
  });
});
