import { webrtcAudioProcessing } from "@roomkit/aec-webrtc";
import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import { type AudioFrame, silentLogger } from "@roomkit/core";
import { type AudioPipelineConfig, audioPipeline, createResampler } from "@roomkit/pipeline";
import { browser, phone, speakerphone } from "@roomkit/presets";
import { energyVad } from "@roomkit/vad-energy";
import { sileroVad } from "@roomkit/vad-silero";
import { microsecondsPerCall } from "../measure/cpu.ts";
import { type Bench, type Comparison, compare, numberOption } from "../measure/report.ts";
import { frameAt, speechLike } from "../measure/signal.ts";

/** A stage, ready to be given 20 ms frames of its rate. */
interface Stage {
  readonly label: string;
  readonly sampleRate: number;
  readonly step: (frame: AudioFrame) => unknown;
  readonly close?: (() => void) | undefined;
}

/**
 * Processor time of every stage per 20 ms frame: `pipeline [--frames 1000] [--rounds 5]`, each beside a loop that copies the same
 * frame sample by sample.
 */
export const pipeline: Bench = async (args) => {
  const frames = numberOption(args, "frames", 1_000, [10, 1_000_000]);
  const rounds = numberOption(args, "rounds", 5, [1, 100]);
  const comparisons: Comparison[] = [];
  for (const open of stages) {
    const stage = await open();
    const speech = speechLike(stage.sampleRate, 4_000);
    const own = await microsecondsPerCall((i) => stage.step(frameAt(speech, stage.sampleRate, i)), frames, rounds);
    const plain = await microsecondsPerCall((i) => copy(frameAt(speech, stage.sampleRate, i)), frames, rounds);
    stage.close?.();
    comparisons.push(compare(stage.label, { "µs per 20 ms": own }, { "µs per 20 ms": plain }));
  }
  return { bench: "pipeline", reference: "a loop that copies the frame sample by sample", comparisons };
};

function copy({ samples }: AudioFrame): Int16Array {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = samples[i] as number;
  return out;
}

const format = { sampleRate: 16_000, channels: 1 } as const;

function resampler(from: number, to: number): () => Stage {
  return () => {
    const converter = createResampler(from, to);
    return {
      label: `resampler ${from} to ${to} Hz`,
      sampleRate: from,
      step: ({ samples }) => converter.process(samples),
    };
  };
}

/** A frame in, and the same out, of which the pipeline is told that it is played. */
function wholeStream(
  inbound: number,
  outbound: number,
  make: () => AudioPipelineConfig = browser,
  name = "whole stream",
): () => Stage {
  return () => {
    const path = audioPipeline({ ...make(), logger: silentLogger }).open({
      inbound: { sampleRate: inbound, channels: 1 },
      outbound: { sampleRate: outbound, channels: 1 },
      sessionId: "bench",
    });
    path.on("frame", ({ frame }) => path.processOutbound(frame));
    return {
      label: `${name}, ${inbound} in, ${outbound} out`,
      sampleRate: inbound,
      step: (frame) => {
        path.played(frame);
        path.processInbound(frame);
      },
      close: () => path.close(),
    };
  };
}

const stages: readonly (() => Stage | Promise<Stage>)[] = [
  resampler(48_000, 16_000),
  resampler(16_000, 24_000),
  resampler(8_000, 16_000),
  () => {
    const vad = energyVad().open(format);
    return { label: "energy VAD", sampleRate: 16_000, step: (frame) => vad.process(frame), close: () => vad.close() };
  },
  async () => {
    const factory = sileroVad();
    await factory.warmUp();
    const vad = factory.open(format);
    return {
      label: "Silero VAD",
      sampleRate: 16_000,
      // With all that it computes in the background.
      step: async (frame) => {
        vad.process(frame);
        await vad.idle();
      },
      close: () => vad.close(),
    };
  },
  () => {
    const codec = mulaw();
    return { label: "mu-law encode", sampleRate: 8_000, step: ({ samples }) => codec.encode(samples) };
  },
  () => {
    const codec = mulaw();
    const coded = codec.encode(speechLike(8_000, 20));
    return { label: "mu-law decode", sampleRate: 8_000, step: () => codec.decode(coded) };
  },
  async () => {
    const encoder = await opus().createEncoder({ sampleRate: 48_000 });
    return {
      label: "Opus encode, 48,000 Hz",
      sampleRate: 48_000,
      step: ({ samples }) => encoder.encode(samples),
      close: () => encoder.close(),
    };
  },
  async () => {
    const encoder = await opus().createEncoder({ sampleRate: 48_000 });
    const speech = speechLike(48_000, 1_000);
    const packets = Array.from({ length: 50 }, (_, i) => encoder.encode(frameAt(speech, 48_000, i).samples));
    encoder.close();
    const decoder = await opus().createDecoder({ sampleRate: 48_000 });
    let at = 0;
    return {
      label: "Opus decode, 48,000 Hz",
      sampleRate: 48_000,
      step: () => decoder.decode(packets[at++ % packets.length] as Uint8Array),
      close: () => decoder.close(),
    };
  },
  wholeStream(48_000, 24_000),
  wholeStream(48_000, 24_000, () => ({ ...browser(), countWork: true }), "the same with its work counted"),
  wholeStream(8_000, 8_000),
  wholeStream(48_000, 24_000, browser, "preset browser"),
  wholeStream(8_000, 8_000, phone, "preset phone"),
  wholeStream(48_000, 24_000, () => speakerphone({ processing: webrtcAudioProcessing }), "preset speakerphone"),
];
