import type { WordTiming } from "@roomkit/core";
import { serveJobs } from "@roomkit/worker-pool";
import { spokenText, type Token } from "../text/tokens.ts";
import { alignWords } from "../timing/align.ts";
import { Flite } from "./flite.ts";
import { shape } from "./shape.ts";

/** A piece to be spoken. */
export interface FliteJob {
  readonly tokens: readonly Token[];
  readonly voice: string;
  readonly speed: number;
  readonly pitchHz: number | undefined;
  readonly gainDb: number;
}

/** A piece as it sounds. */
export interface FliteSpeech {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  /** In ms since the first of the samples. */
  readonly words: readonly WordTiming[];
}

serveJobs<undefined, FliteJob, FliteSpeech>(async () => {
  const flite = await Flite.load();
  return ({ tokens, gainDb, ...speech }) => {
    const { samples, sampleRate, phones } = flite.speak({ ...speech, text: spokenText(tokens) });
    const lengthMs = (samples.length / sampleRate) * 1000;
    const words = alignWords(tokens, phones, lengthMs);
    const sound = { from: words[0]?.startMs ?? 0, to: words.at(-1)?.endMs ?? lengthMs };
    const shaped = shape(samples, sampleRate, gainDb, sound);
    const shift = (ms: number): number => Math.max(0, Math.round(ms - shaped.cutMs));
    return {
      samples: shaped.samples,
      sampleRate,
      words: words.map(({ text, startMs, endMs }) => ({ text, startMs: shift(startMs), endMs: shift(endMs) })),
    };
  };
});
