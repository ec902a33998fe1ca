import type { SttProvider, TtsProvider } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { seededRandom, tone } from "@roomkit/testing";
import { heuristicTurns } from "@roomkit/turn-heuristic";
import { energyVad } from "@roomkit/vad-energy";
import { sileroVad } from "@roomkit/vad-silero";
import { type Bench, compare, numberOption, type Table } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import { MeasuredCall, type Stack } from "./call.ts";
import { RATE } from "./client.ts";
import { type Line, lines } from "./material.ts";

/** An answer that lasts until it is interrupted, and one that is soon over. */
const LONG = "long";
const SHORT = "short";
const SPOKEN = {
  [LONG]:
    "There is a lot to be said of that, and I will tell you all of it from the very beginning. The oldest part of the house was built for a merchant who had sailed around the world.",
  [SHORT]: "Sure.",
};

/**
 * How soon a caller is answered, and how soon the assistant is silent for one who interrupts: `latency [--turns 20] [--local 1]`. Mu-law at 8 kHz
 * over a real WebSocket in real time; from the last sound of a question to the first of the answer, from the first sound of an interruption to the
 * order to be silent. With providers that take no time, and (`--local 1`) with the recogniser and the voice of this repository.
 */
export const latency: Bench = async (args) => {
  const turns = numberOption(args, "turns", 20, [1, 1_000]);
  const local = numberOption(args, "local", 0, [0, 1]) === 1;
  const said = await lines(turns);
  const stacks = await contenders(local);
  const rows: (string | number)[][] = [];
  const figures: Record<string, Record<string, number>> = {};
  try {
    for (const { name, stack } of stacks.all) {
      const { answered, silenced, missed } = await measure(stack, said);
      const of = (times: readonly number[], share: number): number => Math.round(percentile(times, share));
      figures[name] = {
        "answered after, p50, ms": percentile(answered, 0.5),
        "silent after, p50, ms": percentile(silenced, 0.5),
      };
      const spread = (times: readonly number[]): string => [0.5, 0.9, 1].map((share) => of(times, share)).join(" / ");
      rows.push([name, spread(answered), spread(silenced), missed]);
    }
  } finally {
    await stacks.close();
  }
  const [[reference, theirs] = ["", {}], ...ours] = Object.entries(figures);
  const table: Table = {
    title: `${said.length} finished questions and ${said.length} interruptions by Flite, mu-law at 8 kHz over WebSocket, real time`,
    head: ["stack", "answered after p50 / p90 / max, ms", "silent after p50 / p90 / max, ms", "never"],
    rows,
  };
  return {
    bench: "latency",
    reference,
    comparisons: ours.map(([name, own]) => compare(name, own, theirs)),
    tables: [table],
  };
};

interface Measured {
  readonly answered: readonly number[];
  readonly silenced: readonly number[];
  /** Questions without an answer, and interruptions that changed nothing. */
  readonly missed: number;
}

async function measure(stack: (saying: () => string) => Stack, said: readonly Line[]): Promise<Measured> {
  const random = seededRandom(9);
  let saying = "";
  let answer: keyof typeof SPOKEN = SHORT;
  const call = await MeasuredCall.begin(
    stack(() => saying),
    () => SPOKEN[answer],
  );
  const [answered, silenced]: [number[], number[]] = [[], []];
  let missed = 0;
  const note = (times: number[], ms: number | undefined): void => {
    if (ms === undefined) missed++;
    else times.push(ms);
  };
  try {
    await call.rest();
    for (const { text, samples } of said) {
      saying = text;
      answer = LONG;
      note(answered, await call.ask(samples));
      answer = SHORT;
      note(silenced, await call.interrupt(samples, 400 + 600 * random()));
      await call.rest();
      await call.rest();
    }
  } finally {
    await call.end();
  }
  return { answered, silenced, missed };
}

interface Contenders {
  readonly all: readonly { readonly name: string; readonly stack: (saying: () => string) => Stack }[];
  close(): Promise<void>;
}

async function contenders(local: boolean): Promise<Contenders> {
  const instant = (saying: () => string) => ({ stt: knows(saying), tts: instantTts });
  const silero = sileroVad({ silenceThresholdMs: 200 });
  const energy = energyVad({ silenceThresholdMs: 200 });
  const quick = { turnDetector: heuristicTurns(), interruption: { minSpeechMs: 150 } };
  const [stt, tts] = [moonshineStt(), fliteTts()];
  await Promise.all([silero.warmUp?.(), ...(local ? [stt.warmUp?.(), tts.warmUp?.()] : [])]);
  return {
    all: [
      {
        name: "energy VAD alone, 500 ms",
        stack: (saying) => ({ ...instant(saying), pipeline: audioPipeline({ vad: energyVad() }) }),
      },
      {
        name: "energy VAD, heuristic",
        stack: (saying) => ({ ...instant(saying), ...quick, pipeline: audioPipeline({ vad: energy }) }),
      },
      {
        name: "Silero, heuristic",
        stack: (saying) => ({ ...instant(saying), ...quick, pipeline: audioPipeline({ vad: silero }) }),
      },
      ...(local
        ? [
            {
              name: "Silero, heuristic, Moonshine, Flite",
              stack: () => ({ stt, tts, ...quick, pipeline: audioPipeline({ vad: silero }) }),
            },
          ]
        : []),
    ],
    async close() {
      await Promise.all([stt.close?.(), tts.close?.()]);
    },
  };
}

/** Knows what is said, and has it ready the moment the audio ends. */
const knows = (saying: () => string): SttProvider => ({
  name: "instant-stt",
  capabilities: { streaming: false, turnDetection: false, wordTimings: false },
  async *transcribe(audio) {
    let frames = 0;
    for await (const _ of audio) frames++;
    if (frames > 0) yield { type: "final", text: saying() };
  },
});

/** A tone at once: a second for each ten letters. */
const instantTts: TtsProvider = {
  name: "instant-tts",
  capabilities: { streamingInput: true, wordTimings: false, sampleRate: RATE },
  async *synthesize(text) {
    let timestamp = 0;
    for await (const piece of text) {
      yield { type: "segment", text: piece };
      const ms = 20 * Math.ceil(piece.length * 4);
      const samples = tone(RATE, ms, 300, 6_000);
      for (let at = 0; at < samples.length; at += RATE / 50, timestamp += 20)
        yield {
          type: "audio",
          frame: { samples: samples.subarray(at, at + RATE / 50), sampleRate: RATE, channels: 1, timestamp },
        };
    }
  },
};
