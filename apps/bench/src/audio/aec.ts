import { webrtcAec } from "@roomkit/aec-webrtc";
import { rms } from "@roomkit/core";
import { echoIn, inFrames, inSequence, mixed, quiet, type Room } from "@roomkit/testing";
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
import { atLevel, inOne } from "./material.ts";
import { type Speech, speech } from "./speech.ts";
import { openSpeex } from "./speex-echo.ts";

const RATE = 16_000;
const format = { sampleRate: RATE, channels: 1 } as const;

/** The caller speaks from here on, s; before that only the echo is heard. */
const TALK_FROM = 10;
const LENGTH = 20;

const rooms: readonly (readonly [label: string, room: Room])[] = [
  ...[20, 60, 100, 150, 200, 300].map((delayMs) => [`${delayMs} ms`, { delayMs }] as const),
  ["100 ms, clocks 100 ppm apart", { delayMs: 100, driftPpm: 100 }],
  ["100 ms, clocks -100 ppm apart", { delayMs: 100, driftPpm: -100 }],
  ["100 ms, echo as loud as the caller", { delayMs: 100, level: 1 }],
  ["100 ms, long reverberation (500 ms)", { delayMs: 100, reverberationMs: 500 }],
];

/**
 * The echo canceller: processor time per 20 ms of both directions beside its library bare, and what it does to an echo, beside Debian's
 * libspeexdsp where that can be compiled. `aec [--frames 500] [--rounds 5] [--rooms 10]`: so many of the rooms.
 */
export const aec: Bench = async (args) => {
  const count = numberOption(args, "rooms", rooms.length, [1, rooms.length]);
  const spoken = await speech(RATE);
  const comparisons = await costs(args);
  return {
    bench: "aec",
    reference: "WebRTC's module bare, by its binding's own messages",
    comparisons,
    tables: [quality(spoken, rooms.slice(0, count))],
  };
};

async function costs(args: BenchArguments): Promise<Comparison[]> {
  const frames = numberOption(args, "frames", 500, [10, 1_000_000]);
  const rounds = numberOption(args, "rounds", 5, [1, 100]);
  const comparisons: Comparison[] = [];
  for (const sampleRate of [16_000, 48_000]) {
    const sound = speechLike(sampleRate, 4_000);
    const stage = webrtcAec().open({ sampleRate, channels: 1 });
    const ours = await microsecondsPerCall(
      (i) => {
        stage.reference(frameAt(sound, sampleRate, i));
        return stage.process(frameAt(sound, sampleRate, i));
      },
      frames,
      rounds,
    );
    stage.close();
    const apm = bareApm(sampleRate, { echoCancellerEnabled: true });
    const block = sound.subarray(0, apm.block);
    const bare = await microsecondsPerCall(
      () => {
        for (let half = 0; half < 2; half++) {
          apm.reverse(block);
          apm.process(block);
        }
      },
      frames,
      rounds,
    );
    comparisons.push(compare(`AEC, ${sampleRate} Hz`, { "µs per 20 ms": ours }, { "µs per 20 ms": bare }));
  }
  return comparisons;
}

function quality(spoken: Speech, measured: typeof rooms): Table {
  const all = inOne(spoken, 100);
  const whole = inSequence(all, all);
  const far = atLevel(whole.slice(0, LENGTH * RATE), -23);
  const near = inSequence(quiet(RATE, TALK_FROM * 1000), atLevel(whole.slice(-(LENGTH - TALK_FROM) * RATE), -26));
  const silence = quiet(RATE, LENGTH * 1000);
  const speex = openSpeex();
  const cancellers: Record<string, (near: Int16Array, far: Int16Array) => Int16Array> = {
    WebRTC: webrtc,
    ...(speex && { libspeexdsp: (a: Int16Array, b: Int16Array) => speex.cancel(a, b, RATE).out }),
  };
  const columns = Object.entries(cancellers).map(([name, cancel]) => ({ name, cancel, alone: cancel(near, silence) }));
  const rows = measured.map(([label, room]) => {
    const echo = echoIn(far, RATE, { reverberationMs: 200, ...room });
    return [
      label,
      ...columns.flatMap(({ cancel, alone }) => {
        const only = cancel(echo, far);
        const both = cancel(mixed(near, echo), far);
        return [...[1, 3, 10].map((at) => erle(echo, only, at).toFixed(0)), Number(loss(alone, both).toFixed(1))];
      }),
    ];
  });
  const cost = speex?.cancel(near, far, RATE).microseconds;
  speex?.close();
  const note = speex ? `libspeexdsp: ${cost} µs per 20 ms` : "libspeexdsp could not be compiled: gcc, libspeexdsp-dev";
  return {
    title: `echo taken away in the second around 1, 3 and 10 s, dB; the caller's voice lost while both speak, dB (${spoken.voice} speech; ${note})`,
    head: [
      "echo after",
      ...columns.flatMap(({ name }) => ["1 s", "3 s", "10 s", "lost"].map((what) => `${name} ${what}`)),
    ],
    rows,
  };
}

function webrtc(near: Int16Array, far: Int16Array): Int16Array {
  const stage = webrtcAec().open(format);
  const fars = inFrames(far, format);
  const out = inFrames(near, format).map((frame, i) => {
    stage.reference(fars[i] as (typeof fars)[number]);
    return stage.process(frame).samples;
  });
  stage.close();
  return inSequence(...out);
}

/** How much quieter the echo has become, in the second around `at`. */
function erle(echo: Int16Array, out: Int16Array, at: number): number {
  const level = (samples: Int16Array): number => rms(samples.subarray((at - 0.5) * RATE, (at + 0.5) * RATE));
  return 20 * Math.log10(level(echo) / Math.max(0.5, level(out)));
}

/** How much is missing of what the caller's voice is when they speak alone; whatever else is there does not count. */
function loss(alone: Int16Array, both: Int16Array): number {
  let [cross, power] = [0, 0];
  for (let i = (TALK_FROM + 0.5) * RATE; i < both.length; i++) {
    cross += (alone[i] as number) * (both[i] as number);
    power += (alone[i] as number) ** 2;
  }
  return -20 * Math.log10(Math.max(1e-3, cross / power));
}
