import type { AudioFrame, VadFactory } from "@roomkit/core";
import { echoGuard } from "@roomkit/echo-guard";
import { echoIn, inFrames, inSequence, quiet, seededRandom } from "@roomkit/testing";
import { activeRms, atLevel, noise } from "./material.ts";
import type { Speech } from "./speech.ts";

export const RATE = 16_000;
const FRAME_MS = 20;
const format = { sampleRate: RATE, channels: 1 } as const;

/** A call is so long, and nothing is played in its beginning, ms. */
export const LENGTH_MS = 12_000;
const BEFORE_MS = 500;
export const COUPLINGS_DB: readonly number[] = [-10, -20, -30];
export const DELAYS_MS: readonly number[] = [20, 80, 160, 300];
const NOISES_DB = [-72, -60, -50];
/** The assistant's speech, and the loudest a caller gets: their active parts, dB of full scale. */
const SPOKEN_DB = -20;
const LOUDEST_DB = -14;
/** How loud a caller is, against the echo at their microphone, dB. */
export const AGAINST_ECHO_DB: readonly number[] = [-6, 0, 5, 10];

export interface Line {
  readonly atMs: number;
  readonly samples: Int16Array;
  readonly againstDb: number;
}

export interface Span {
  readonly from: number;
  to: number;
  speechMs: number;
}

interface Call {
  readonly echo: Int16Array;
  readonly noise: Int16Array;
  readonly near: Int16Array;
  readonly lines: readonly Line[];
}

export interface Room {
  readonly played: Int16Array;
  call(couplingDb: number, delayMs: number, callers: Speech): Call;
}

/** A room with what the assistant says in it. Every other one has a small loudspeaker that distorts. */
export function roomOf(seed: number, voices: Speech): Room {
  const random = seededRandom(seed * 7 + 1);
  const played = inSequence(quiet(RATE, BEFORE_MS), talk(voices, random)).subarray(0, samples(LENGTH_MS));
  const sounding = seed % 4 < 2 ? played : smallLoudspeaker(played);
  const reverberationMs = 100 + 300 * random();
  const wet = echoIn(sounding, RATE, { delayMs: 0, level: 1, reverberationMs, seed });
  const call = (couplingDb: number, delayMs: number, callers: Speech): Call => {
    const kind = random() < 0.5 ? "white" : "pink";
    const noiseDb = NOISES_DB[Math.floor(random() * NOISES_DB.length)] as number;
    const hiss = scaled(noise(kind, callers, LENGTH_MS, seed), noiseDb - 20 * Math.log10(1_000 / 32_768));
    const lines = linesOf(callers, couplingDb, BEFORE_MS + delayMs, random);
    const near = quiet(RATE, LENGTH_MS);
    for (const line of lines) near.set(line.samples.subarray(0, near.length - samples(line.atMs)), samples(line.atMs));
    const echo = inSequence(quiet(RATE, delayMs), scaled(wet, couplingDb)).subarray(0, near.length);
    return { echo, noise: hiss, near, lines };
  };
  return { played, call };
}

/** Clips one after the other, with pauses of 0.1 to 0.4 s. */
function talk({ clips }: Speech, random: () => number): Int16Array {
  const parts: Int16Array[] = [];
  for (let length = 0; length < samples(LENGTH_MS); length += parts.at(-1)?.length ?? 0) {
    const clip = clips[Math.floor(random() * clips.length)] as (typeof clips)[number];
    parts.push(inSequence(atLevel(clip.samples, SPOKEN_DB), quiet(RATE, 100 + 300 * random())));
  }
  return inSequence(...parts);
}

/** Nothing below 500 Hz, and peaks that are rounded: to a third of what they are. */
function smallLoudspeaker(played: Int16Array): Int16Array {
  const keep = Math.exp((-2 * Math.PI * 500) / RATE);
  let [before, high] = [0, 0];
  return played.map((x) => {
    high = keep * (high + x - before);
    before = x;
    return 9_000 * Math.tanh((1.5 * high) / 9_000);
  });
}

/** What the caller says over it: in every third call over the first word, otherwise later; and every 4 s. */
function linesOf({ clips }: Speech, couplingDb: number, firstMs: number, random: () => number): Line[] {
  const lines: Line[] = [];
  const round = (ms: number): number => Math.round(ms / FRAME_MS) * FRAME_MS;
  let atMs = round(random() < 1 / 3 ? firstMs + 200 * random() : firstMs + 500 + 1_500 * random());
  for (; atMs < LENGTH_MS - 2_500; atMs = round(atMs + 3_500 + 1_000 * random())) {
    const clip = clips[Math.floor(random() * clips.length)] as (typeof clips)[number];
    const againstDb = AGAINST_ECHO_DB[Math.floor(AGAINST_ECHO_DB.length * random())] as number;
    const level = Math.min(LOUDEST_DB, SPOKEN_DB + couplingDb + againstDb);
    lines.push({ atMs, samples: atLevel(trimmed(clip.samples), level).subarray(0, samples(2_000)), againstDb });
  }
  return lines;
}

/** Without the silence at its beginning. */
function trimmed(clip: Int16Array): Int16Array {
  const least = activeRms(clip) / 4;
  return clip.subarray(
    Math.max(
      0,
      clip.findIndex((sample) => Math.abs(sample) > least),
    ),
  );
}

/** What comes out of the guard. */
export function through(mic: Int16Array, played: Int16Array): Int16Array {
  const stage = echoGuard().open(format);
  const far = inFrames(played, format);
  const out = inFrames(mic, format).map((frame, i) => {
    if (frame.timestamp >= BEFORE_MS) stage.reference(far[i] as AudioFrame);
    return stage.process(frame).samples;
  });
  stage.close();
  return inSequence(...out);
}

/** Where a detector finds speech, by when it says so. */
export async function spansOf(factory: VadFactory, heard: Int16Array): Promise<Span[]> {
  const vad = factory.open(format) as ReturnType<VadFactory["open"]> & { idle?: () => Promise<void> };
  const spans: Span[] = [];
  let span: Span | undefined;
  for (const frame of inFrames(heard, format)) {
    const event = vad.process(frame);
    await vad.idle?.();
    const now = frame.timestamp + FRAME_MS;
    if (event?.type === "speech-start") {
      span = { from: now, to: Number.POSITIVE_INFINITY, speechMs: 0 };
      spans.push(span);
    }
    if (span) span.speechMs = Math.max(span.speechMs, vad.speechMs ?? 0);
    if (event?.type === "speech-end" && span) {
      span.to = now;
      span = undefined;
    }
  }
  vad.close();
  return spans;
}

const samples = (ms: number): number => Math.round((RATE * ms) / 1000);
const scaled = (signal: Int16Array, db: number): Int16Array =>
  signal.map((x) => Math.max(-32_768, Math.min(32_767, Math.round(x * 10 ** (db / 20)))));
