import { createResampler } from "@roomkit/pipeline";
import { inSequence } from "@roomkit/testing";
import { ASKED_AFTER_MS, synthetic } from "../turns/material.ts";
import { RATE } from "./client.ts";

/** Somebody says something, from the first sound to the last. */
export interface Line {
  readonly text: string;
  readonly samples: Int16Array;
}

/** Finished turns by Flite's voices, most of them questions, at the rate of a telephone; 60 at most. */
export async function lines(count: number): Promise<Line[]> {
  const { moments } = await synthetic(count);
  return moments
    .filter(({ pauseMs }) => pauseMs === undefined)
    .map(({ context: { transcript: text, audio } }) => {
      const samples = inSequence(...audio.map((frame) => frame.samples));
      const spoken = samples.subarray(firstSound(samples), samples.length - 16 * ASKED_AFTER_MS);
      const resampler = createResampler(16_000, RATE);
      return { text, samples: inSequence(resampler.process(spoken), resampler.flush()) };
    });
}

/** Where it is first no more than 30 dB below the loudest 10 ms. */
function firstSound(samples: Int16Array): number {
  const step = 160;
  const powers = Array.from({ length: Math.floor(samples.length / step) }, (_, i) =>
    samples.subarray(i * step, (i + 1) * step).reduce((sum, x) => sum + x * x, 0),
  );
  const loudest = Math.max(...powers);
  return step * powers.findIndex((power) => power >= loudest / 1_000);
}
