import type { AudioFrame, VadFactory } from "@roomkit/core";
import { echoGuard } from "@roomkit/echo-guard";
import { echoIn, inFrames, inSequence, mixed, quiet, seededRandom } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { sileroVad } from "@roomkit/vad-silero";
import type { Table } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import { activeRms, atLevel, noise } from "./material.ts";
import { type Speech, speech } from "./speech.ts";

const RATE = 16_000;
const FRAME_MS = 20;
const format = { sampleRate: RATE, channels: 1 } as const;

/** A call is so long, and nothing is played in its beginning, ms. */
const LENGTH_MS = 12_000;
const BEFORE_MS = 500;
const COUPLINGS_DB = [-6, -10, -20, -30];
const DELAYS_MS = [20, 80, 160, 300];
const NOISES_DB = [-72, -60, -50];
/** The assistant's speech, and the loudest a caller gets: their active parts, dB of full scale. */
const SPOKEN_DB = -20;
const LOUDEST_DB = -14;
/** How loud a caller is, against the echo at their microphone, dB. */
const AGAINST_ECHO_DB = [-6, 0, 5, 10];
/** What a VAD must hear of the echo for the assistant to interrupt itself. */
const INTERRUPTS_MS = 300;
/** A caller is noticed when a VAD finds speech within so long; those are counted whom it finds so soon where there is no echo. */
const NOTICED_MS = 700;
const NOTICED_ALONE_MS = 500;

interface Line {
  readonly atMs: number;
  readonly samples: Int16Array;
  readonly againstDb: number;
}

interface Span {
  readonly from: number;
  to: number;
  speechMs: number;
}

/** What became of the calls of one coupling, by detector. */
class Count {
  hours = 0;
  self = 0;
  selfWithout = 0;
  readonly lines = new Map<number, { attempts: number; noticed: number }>();
  readonly laterMs: number[] = [];
}

/** What the guard lets through in so many rooms, by coupling and detector of speech. */
export async function echoRooms(rooms: number): Promise<Table[]> {
  if (rooms === 0) return [];
  const human = await speech(RATE);
  const synthetic = await speech(RATE, []);
  const detectors = { energy: energyVad(), Silero: sileroVad() };
  const counts = new Map<string, Count>();
  const countOf = (couplingDb: number, detector: string): Count => {
    const key = `${couplingDb} dB | ${detector}`;
    const count = counts.get(key) ?? new Count();
    counts.set(key, count);
    return count;
  };
  for (let seed = 1; seed <= rooms; seed++) {
    const room = roomOf(seed, seed % 2 ? synthetic : human);
    for (const couplingDb of COUPLINGS_DB) {
      for (const delayMs of DELAYS_MS) {
        const call = room.call(couplingDb, delayMs, human);
        const alone = through(mixed(call.echo, call.noise), room.played);
        const both = through(mixed(mixed(call.echo, call.near), call.noise), room.played);
        for (const [name, vad] of Object.entries(detectors)) {
          const count = countOf(couplingDb, name);
          count.hours += LENGTH_MS / 3_600_000;
          count.self += interruptions(await spansOf(vad, alone));
          count.selfWithout += interruptions(await spansOf(vad, mixed(call.echo, call.noise)));
          tally(count, call.lines, await spansOf(vad, both), await spansOf(vad, mixed(call.near, call.noise)));
        }
      }
    }
  }
  return [tableOf(counts, rooms)];
}

interface Call {
  readonly echo: Int16Array;
  readonly noise: Int16Array;
  readonly near: Int16Array;
  readonly lines: readonly Line[];
}

/** A room with what the assistant says in it. Every other one has a small loudspeaker that distorts. */
function roomOf(seed: number, voices: Speech) {
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
function through(mic: Int16Array, played: Int16Array): Int16Array {
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
async function spansOf(factory: VadFactory, heard: Int16Array): Promise<Span[]> {
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

const interruptions = (spans: readonly Span[]): number =>
  spans.filter(({ speechMs }) => speechMs >= INTERRUPTS_MS).length;

function tally(count: Count, lines: readonly Line[], heard: readonly Span[], alone: readonly Span[]): void {
  for (const { atMs, againstDb } of lines) {
    const before = alone.find(({ from }) => from >= atMs && from <= atMs + NOTICED_ALONE_MS);
    if (!before) continue;
    const line = count.lines.get(againstDb) ?? { attempts: 0, noticed: 0 };
    count.lines.set(againstDb, line);
    line.attempts++;
    const found = heard.find(({ from, to }) => from <= atMs + NOTICED_MS && to > atMs);
    if (!found) continue;
    line.noticed++;
    count.laterMs.push(Math.max(found.from, atMs) - before.from);
  }
}

function tableOf(counts: ReadonlyMap<string, Count>, rooms: number): Table {
  const against = (db: number): string => `noticed at ${db > 0 ? "+" : ""}${db} dB`;
  return {
    title: `${rooms} rooms, each with an echo after ${DELAYS_MS.join(", ")} ms: how often the assistant would interrupt itself, in an hour of its speech, and how many callers are noticed who speak over it so loud against the echo`,
    head: [
      "coupling",
      "VAD",
      "hours",
      "self-interruptions an hour",
      "without the guard",
      ...AGAINST_ECHO_DB.map(against),
      "later by, p50, ms",
      "p95, ms",
    ],
    rows: [...counts].map(([key, count]) => [
      ...key.split(" | "),
      count.hours.toFixed(1),
      (count.self / count.hours).toFixed(1),
      Math.round(count.selfWithout / count.hours),
      ...AGAINST_ECHO_DB.map((db) => {
        const { attempts = 0, noticed = 0 } = count.lines.get(db) ?? {};
        return attempts === 0 ? "-" : `${((100 * noticed) / attempts).toFixed(1)} % of ${attempts}`;
      }),
      percentile(count.laterMs, 0.5),
      percentile(count.laterMs, 0.95),
    ]),
  };
}

const samples = (ms: number): number => Math.round((RATE * ms) / 1000);
const scaled = (signal: Int16Array, db: number): Int16Array =>
  signal.map((x) => Math.max(-32_768, Math.min(32_767, Math.round(x * 10 ** (db / 20)))));
