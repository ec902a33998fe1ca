import { webrtcAudioProcessing } from "@roomkit/aec-webrtc";
import { type FrameStage, rms, type StageFactory, silentLogger } from "@roomkit/core";
import { gtcrn } from "@roomkit/denoiser-gtcrn";
import { rnnoise } from "@roomkit/denoiser-rnnoise";
import { audioPipeline } from "@roomkit/pipeline";
import { inFrames, inSequence, quiet } from "@roomkit/testing";
import { microsecondsPerCall } from "../measure/cpu.ts";
import {
  type Bench,
  type BenchArguments,
  type Comparison,
  compare,
  numberOption,
  type Table,
} from "../measure/report.ts";
import { frameAt, speechLike } from "../measure/signal.ts";
import { bareApm } from "./bare-apm.ts";
import { bareGtcrn, bareRnnoise } from "./bare-denoisers.ts";
import { inOne, mixedAt, noise, noiseKinds, siSdr } from "./material.ts";
import { Recogniser, type Said } from "./recognise.ts";
import { type Speech, speech } from "./speech.ts";

const RATE = 16_000;
const format = { sampleRate: RATE, channels: 1 } as const;
const PAUSE_MS = 800;
/** Signal to noise, dB. */
const RATIOS = [20, 10, 5, 0] as const;

const noiseSuppression = (): StageFactory<FrameStage> =>
  webrtcAudioProcessing({ echoCancellation: false, noiseSuppression: true }).denoiser as StageFactory<FrameStage>;

const denoisers = (): Readonly<Record<string, StageFactory<FrameStage>>> => ({
  RNNoise: rnnoise(),
  "RNNoise, strength 0.5": rnnoise({ strength: 0.5 }),
  GTCRN: gtcrn(),
  "WebRTC NS": noiseSuppression(),
});

/**
 * The denoisers: processor time of each per 20 ms frame beside its library bare, what they do to speech in noise, and to what a recogniser makes
 * of it. `denoiser [--frames 500] [--rounds 5] [--seconds 60] [--ratios 4] [--clips 25]`: seconds of speech to measure on, how many of the
 * ratios 20, 10, 5 and 0 dB, clips to recognise in each noise (0: none).
 */
export const denoiser: Bench = async (args) => {
  const spoken = await speech(RATE);
  const seconds = numberOption(args, "seconds", 60, [1, 600]);
  const clips = numberOption(args, "clips", spoken.clips.length, [0, 100]);
  const comparisons = await costs(args);
  const ratios = RATIOS.slice(0, numberOption(args, "ratios", RATIOS.length, [1, RATIOS.length]));
  const tables = [quality(spoken, seconds, ratios), ...(clips > 0 ? [await words(spoken, clips, ratios)] : [])];
  return { bench: "denoiser", reference: "the library bare, given blocks of its own length", comparisons, tables };
};

async function costs(args: BenchArguments): Promise<Comparison[]> {
  const frames = numberOption(args, "frames", 500, [10, 1_000_000]);
  const rounds = numberOption(args, "rounds", 5, [1, 100]);
  const cost = (step: (i: number) => unknown): Promise<number> => microsecondsPerCall(step, frames, rounds);
  const comparisons: Comparison[] = [];
  for (const [label, factory, open] of [
    ["RNNoise, 48,000 Hz", rnnoise(), bareRnnoise],
    ["GTCRN, 16,000 Hz", gtcrn(), bareGtcrn],
    ["WebRTC NS, 16,000 Hz", noiseSuppression(), () => bareApm(RATE, { noiseSuppressionEnabled: true })],
  ] as const) {
    const library = open();
    const { sampleRate } = library;
    const sound = speechLike(sampleRate, 4_000);
    const stage = factory.open({ sampleRate, channels: 1 });
    const ours = await cost((i) => stage.process(frameAt(sound, sampleRate, i)));
    stage.close();
    // Its blocks are of other lengths than 20 ms: as many as come in that time.
    const block = Float32Array.from(sound.subarray(0, library.block));
    const each = await cost(() => library.process(block));
    comparisons.push(
      compare(label, { "µs per 20 ms": ours }, { "µs per 20 ms": (each * sampleRate) / 50 / library.block }),
    );
  }
  return comparisons;
}

/** All of `samples` (16 kHz) through the stage in a pipeline of that rate, each sample in its place. */
function through(factory: StageFactory<FrameStage>, samples: Int16Array): Int16Array {
  const stream = audioPipeline({ denoiser: factory, logger: silentLogger }).open({
    inbound: format,
    outbound: format,
    sessionId: "bench",
  });
  const out = new Int16Array(samples.length);
  stream.on("frame", ({ frame }) => out.set(frame.samples, Math.round((frame.timestamp * RATE) / 1000)));
  for (const frame of inFrames(samples, format)) stream.processInbound(frame);
  stream.close();
  return out;
}

/** What comes out, and how much of the noise is left where nobody speaks. */
function quality(spoken: Speech, seconds: number, ratios: readonly number[]): Table {
  const clean = inOne(spoken, PAUSE_MS).subarray(0, seconds * RATE);
  const pauses = pausesOf(clean);
  const inPauses = (samples: Int16Array): number =>
    rms(inSequence(...pauses.map(([from, to]) => samples.subarray(from, to))));
  const rows = noiseKinds.flatMap((kind) =>
    ratios.map((ratio) => {
      const noisy = mixedAt(clean, noise(kind, spoken, seconds * 1000, 5), ratio);
      const cells = Object.values(denoisers()).map((factory) => {
        const out = through(factory, noisy);
        // Its high-pass filter turns phases, which is no distortion: what it makes of clean speech is what it can give at best.
        const ideal = factory.name === "denoiser-webrtc" ? through(factory, clean) : clean;
        const gone = 20 * Math.log10(inPauses(noisy) / Math.max(0.1, inPauses(out)));
        return `${siSdr(out, ideal).toFixed(1)} / ${gone.toFixed(0)}`;
      });
      return [`${kind}, ${ratio} dB`, siSdr(noisy, clean).toFixed(1), ...cells];
    }),
  );
  return {
    title: `SI-SDR, dB / noise that is gone in pauses, dB (${spoken.voice} speech, ${Math.round(clean.length / RATE)} s)`,
    head: ["noise", "as it came", ...Object.keys(denoisers())],
    rows,
  };
}

/** Stretches in which nobody speaks, without their beginnings, in samples. */
function pausesOf(clean: Int16Array): (readonly [from: number, to: number])[] {
  const pauses: (readonly [number, number])[] = [];
  let from = 0;
  for (let i = 0; i <= clean.length; i++) {
    if (clean[i] === 0) continue;
    if (i - from > RATE / 2) pauses.push([from + RATE / 4, i]);
    from = i + 1;
  }
  return pauses;
}

async function words(spoken: Speech, count: number, ratios: readonly number[]): Promise<Table> {
  const recogniser = new Recogniser();
  try {
    await recogniser.warmUp();
    const clips = spoken.clips.slice(0, count);
    const all = Object.values(denoisers());
    const row = async (label: string, noisy: (samples: Int16Array, seed: number) => Int16Array): Promise<string[]> => {
      // Noise is there before anybody speaks; of that the recogniser hears as much as a VAD lets it.
      const given = clips.map(({ text, samples }, i) => ({
        text,
        samples: noisy(inSequence(quiet(RATE, 1_500), samples, quiet(RATE, 300)), i),
      }));
      const cells: string[] = [];
      for (const factory of [undefined, ...all]) {
        const heard = given.map(({ text, samples }): Said => {
          const out = factory ? through(factory, samples) : samples;
          return { text, samples: out.subarray(1.2 * RATE) };
        });
        cells.push((await recogniser.wordErrors(heard)).toFixed(1));
      }
      return [label, ...cells];
    };
    const rows = [await row("none", (samples) => samples)];
    for (const kind of noiseKinds) {
      for (const ratio of ratios) {
        rows.push(
          await row(`${kind}, ${ratio} dB`, (samples, seed) =>
            mixedAt(samples, noise(kind, spoken, (samples.length / RATE) * 1000, seed + 1), ratio),
          ),
        );
      }
    }
    return {
      title: `word errors of Moonshine, percent (${spoken.voice} speech, ${clips.length} clips)`,
      head: ["noise", "as it came", ...Object.keys(denoisers())],
      rows,
    };
  } finally {
    await recogniser.close();
  }
}
