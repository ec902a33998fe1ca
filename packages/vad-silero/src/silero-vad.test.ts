import { inSequence, mixed, quiet, tone, vadConformance, whiteNoise } from "@roomkit/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { sileroVad } from "./silero-vad.ts";
import { format, hear, recorded, recordings, spoken } from "./speech.fixture.ts";

const rate = format.sampleRate;
const speech = await spoken("Hello there, could you tell me when the next train leaves?");

beforeAll(() => sileroVad().warmUp());

describe("conformance", () => {
  const factory = sileroVad();
  for (const { name, run } of vadConformance({ factory, format, speech, settle: (vad) => vad.idle() })) {
    it(name, run, 30_000);
  }
});

describe("what is not a voice", () => {
  const rest = quiet(rate, 1_000);
  it.each<[string, Int16Array]>([
    ["silence", quiet(rate, 4_000)],
    ["quiet noise", whiteNoise(rate, 4_000, 60)],
    ["loud noise", whiteNoise(rate, 4_000, 6_000)],
    ["noise that begins suddenly", inSequence(rest, whiteNoise(rate, 3_000, 3_000))],
    ["a tone", inSequence(rest, tone(rate, 3_000, 440, 6_000))],
    ["a hum", inSequence(rest, tone(rate, 3_000, 100, 6_000))],
    [
      "clicks",
      inSequence(...Array.from({ length: 20 }, () => inSequence(whiteNoise(rate, 10, 15_000), quiet(rate, 150)))),
    ],
  ])("%s", async (_, samples) => {
    const vad = sileroVad().open(format);
    expect(await hear(vad, samples)).toEqual([]);
    vad.close();
  });
});

describe("a voice", () => {
  const padded = inSequence(quiet(rate, 1_000), speech, quiet(rate, 1_500));
  const endsAt = 1_000 + speech.length / 16;

  it.each([400, 1_500, 9_000])("is found at any loudness (peak %d)", async (peak) => {
    const loudest = speech.reduce((max, sample) => Math.max(max, Math.abs(sample)), 0);
    const vad = sileroVad().open(format);
    const events = await hear(
      vad,
      padded.map((sample) => (sample * peak) / loudest),
    );
    expect(events.map((event) => event.type)).toEqual(["speech-start", "speech-end"]);
    expect(events[0]?.timestamp).toBeGreaterThan(950);
    expect(events[0]?.timestamp).toBeLessThan(1_400);
    expect(events[1]?.timestamp).toBeGreaterThan(endsAt - 500);
    expect(events[1]?.timestamp).toBeLessThan(endsAt + 200);
  });

  it.each([200, 600])("is found in noise of RMS %d, and the noise is not", async (level) => {
    const vad = sileroVad().open(format);
    const events = await hear(vad, mixed(padded, whiteNoise(rate, padded.length / 16, level)));
    expect(events.length).toBeGreaterThanOrEqual(2);
    expect(events[0]?.timestamp).toBeGreaterThan(950);
    expect(events[0]?.timestamp).toBeLessThan(1_600);
    expect(events.at(-1)?.timestamp).toBeLessThan(endsAt + 200);
  });

  it("that pauses is one stretch or two, as silenceThresholdMs says", async () => {
    const pause = inSequence(
      padded.subarray(0, padded.length - rate * 1.5),
      quiet(rate, 700),
      speech,
      quiet(rate, 2_000),
    );
    const count = async (silenceThresholdMs: number): Promise<number> =>
      (await hear(sileroVad({ silenceThresholdMs }).open(format), pause)).length;
    expect(await count(300)).toBeGreaterThanOrEqual(4);
    expect(await count(1_500)).toBe(2);
  });

  it("needs more proof with a higher minSpeechMs, and is cut at maxSpeechMs", async () => {
    const start = async (minSpeechMs: number): Promise<number | undefined> => {
      const vad = sileroVad({ minSpeechMs }).open(format);
      let known: number | undefined;
      for (let at = 0; at < padded.length && known === undefined; at += 320) {
        const event = vad.process({ samples: padded.subarray(at, at + 320), ...format, timestamp: at / 16 });
        await vad.idle();
        if (event) known = at / 16;
      }
      return known;
    };
    const [fast, slow] = [await start(32), await start(320)];
    expect((slow ?? 0) - (fast ?? 0)).toBeGreaterThanOrEqual(9 * 32 - 32);
    const cut = await hear(sileroVad({ maxSpeechMs: 500 }).open(format), padded);
    expect(cut.length).toBeGreaterThan(4);
    for (const event of cut) if (event.type === "speech-end") expect(event.durationMs).toBeLessThanOrEqual(512);
  });
});

describe.skipIf(recordings.length === 0)("recordings (skipped without pocketsphinx-testdata and alsa-utils)", () => {
  it.each(recordings)("%s", async (file) => {
    const samples = recorded(file);
    const vad = sileroVad().open(format);
    const events = await hear(vad, inSequence(quiet(rate, 1_000), samples, quiet(rate, 1_500)));
    if (file.endsWith("Noise.wav")) {
      expect(events).toEqual([]);
      return;
    }
    const endsAt = 1_000 + samples.length / 16;
    expect(events.map((event) => event.type)).toEqual(["speech-start", "speech-end"]);
    expect(events[0]?.timestamp).toBeGreaterThanOrEqual(1_000);
    expect(events[0]?.timestamp).toBeLessThan(1_600);
    expect(events[1]?.timestamp).toBeGreaterThan(1_000 + samples.length / 16 / 2);
    expect(events[1]?.timestamp).toBeLessThanOrEqual(endsAt + 64);
  });
});
