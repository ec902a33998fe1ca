import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rms } from "@roomkit/core";
import { createResampler } from "@roomkit/pipeline";
import { inSequence, mixed, quiet, samplesOfWav } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { dtmfTones } from "./index.ts";
import { digitsOf, hear } from "./signals.fixture.ts";

/** People reading: Debian's pocketsphinx-testdata, alsa-utils and codec2-examples. */
const recordings = [
  "/usr/share/pocketsphinx/test/data/cards",
  "/usr/share/pocketsphinx/test/data/librivox",
  "/usr/share/sounds/alsa",
  "/usr/share/codec2/raw",
]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith(".wav"))
  .map((file) => samplesOfWav(readFileSync(file)));

const levelled = (samples: Int16Array, level: number): Int16Array => {
  const gain = level / rms(samples);
  return samples.map((x) => Math.max(-32_768, Math.min(32_767, gain * x)));
};

const speech = (rate: number): Int16Array =>
  inSequence(
    ...recordings.map(({ samples, format }) => {
      const resampler = createResampler(format.sampleRate, rate);
      return inSequence(resampler.process(samples), resampler.flush());
    }),
  );

describe.skipIf(recordings.length === 0)(
  "speech (skipped without pocketsphinx-testdata, alsa-utils, codec2-examples)",
  () => {
    it.each([8_000, 16_000])("holds no digits at %d Hz, quiet or loud", (rate) => {
      const all = speech(rate);
      expect(all.length / rate).toBeGreaterThan(10);
      for (const level of [300, 2_000, 12_000]) expect(hear(levelled(all, level), rate)).toEqual([]);
    });

    it("of six at once holds none", () => {
      const rate = 16_000;
      const one = levelled(speech(rate), 1_000);
      const turned = (by: number): Int16Array => inSequence(one.subarray(by), one.subarray(0, by));
      const babble = [1, 2, 3, 4, 5].reduce((all, n) => mixed(all, turned(Math.floor((one.length * n) / 6))), one);
      expect(hear(babble, rate)).toEqual([]);
    });

    it("does not hide digits that are dialled in its pauses", () => {
      const rate = 16_000;
      const tones = dtmfTones("159D", { sampleRate: rate }).samples;
      const said = levelled(speech(rate), 2_000).subarray(0, 4 * rate);
      expect(digitsOf(hear(inSequence(said, quiet(rate, 30), tones, said), rate))).toBe("159D");
    });
  },
);
