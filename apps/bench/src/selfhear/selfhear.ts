import { fliteTts } from "@roomkit/provider-flite";
import { inSequence, type Room, wordErrorRate } from "@roomkit/testing";
import { activeRms, atLevel } from "../audio/material.ts";
import { Recogniser } from "../audio/recognise.ts";
import { type Speech, speech } from "../audio/speech.ts";
import { type Bench, compare, numberOption, type Table } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import { type Line, type SpeakerphoneOptions, type SpeakerphoneResult, speakerphoneCall } from "./call.ts";
import { RATE } from "./client.ts";

/** The caller speaks for the first time, and from then on so often, s. */
const FIRST_LINE = 8;
const LINE_EVERY = 13;
/** A line of the caller's is so long, s. */
const LINE_SECONDS = [1.2, 4] as const;
/** Until then an echo canceller learns the room, ms. */
const LEARNING_MS = 3_000;

const GREETING =
  "Welcome to the museum. My name is Robin, and I can tell you about every room of the house. The paintings hang on the first floor, the ships and the instruments below, and in the garden you will find the old telescope. Ask me for whatever you like, at any time.";
const ANSWER =
  "There is a lot to be said of that. The oldest part of the house was built for a merchant who had sailed around the world, and who brought home maps, shells and a great many letters. His daughter opened the rooms to visitors, and the town has kept them as they were. On Sundays there is music in the hall.";

const rooms: readonly (readonly [label: string, room: Room])[] = [
  ...[20, 60, 100, 200, 300].map((delayMs) => [`${delayMs} ms`, { delayMs }] as const),
  ["100 ms, echo as loud as the caller", { delayMs: 100, level: 1 }],
];

/**
 * Calls of somebody with a loudspeaker, through the whole stack: what the assistant says comes back by the microphone, and the caller breaks in on
 * it. `selfhear [--seconds 60] [--rooms 6]`: length of each call, so many of the rooms; each with and without echo cancellation and echo guard.
 */
export const selfhear: Bench = async (args) => {
  const seconds = numberOption(args, "seconds", 60, [FIRST_LINE + 5, 3_600]);
  const measured = rooms.slice(0, numberOption(args, "rooms", rooms.length, [1, rooms.length]));
  const spoken = await speech(RATE);
  const recogniser = new Recogniser();
  const voice = new Voice();
  try {
    await recogniser.warmUp();
    const caller = linesOf(spoken, seconds);
    const call = (aec: boolean, guard: boolean, room?: Room): Promise<SpeakerphoneResult> => {
      const options: Omit<SpeakerphoneOptions, "room"> = {
        ...{ aec, guard, seconds, caller, greeting: GREETING, answer: ANSWER },
        voice: (text) => voice.say(text),
        understand: (samples) => recogniser.hear(samples),
      };
      return speakerphoneCall({ ...options, room });
    };
    const headphones = await call(false, false);
    const calls = [];
    for (const [label, room] of measured)
      calls.push({
        label,
        without: await call(false, false, room),
        guarded: await call(false, true, room),
        with: await call(true, false, room),
        both: await call(true, true, room),
      });
    return {
      bench: "selfhear",
      reference: "the same call with headphones: no echo, no echo cancellation",
      comparisons: calls.map(({ label, with: ours }) => compare(label, figures(ours), figures(headphones))),
      tables: [table(calls, headphones, caller, spoken.voice)],
    };
  } finally {
    await Promise.all([recogniser.close(), voice.close()]);
  }
};

function figures({ spokeSeconds, bargeInMs }: SpeakerphoneResult): Record<string, number> {
  const times = bargeInMs.length > 0 ? { "silent after the caller began, p50, ms": percentile(bargeInMs, 0.5) } : {};
  return { "assistant heard, s": spokeSeconds, ...times };
}

interface Called {
  readonly label: string;
  readonly without: SpeakerphoneResult;
  readonly guarded: SpeakerphoneResult;
  readonly with: SpeakerphoneResult;
  readonly both: SpeakerphoneResult;
}

function table(
  calls: readonly Called[],
  headphones: SpeakerphoneResult,
  caller: readonly SpokenLine[],
  voice: Speech["voice"],
): Table {
  const cells = ({
    selfInterruptions,
    ownWords,
    words,
    attempts,
    bargeInMs,
  }: SpeakerphoneResult): (string | number)[] => {
    const learning = selfInterruptions.filter((at) => at < LEARNING_MS).length;
    return [
      `${selfInterruptions.length}${learning > 0 ? ` (${learning})` : ""}`,
      ownWords.join(" ").split(/\s+/).filter(Boolean).length,
      `${bargeInMs.length} of ${attempts}`,
      bargeInMs.length > 0 ? Math.round(percentile(bargeInMs, 0.5)) : "-",
      Math.round(100 * wordErrorRate([[caller.map(({ text }) => text).join(" "), words.join(" ")]])),
    ];
  };
  const head = ["interrupts itself", "own words", "caller breaks in", "after, ms", "words wrong, %"];
  return {
    title: `a call in a room: how often the assistant interrupts itself (of these in the first ${LEARNING_MS / 1000} s), words of its own taken for the caller's, the caller's interruptions and their words (${voice} speech)`,
    head: [
      "echo after",
      ...["", "guarded: ", "cancelled: ", "both: "].flatMap((how) => head.map((name) => how + name)),
    ],
    rows: [
      ["headphones", ...cells(headphones), ...[0, 1, 2].flatMap(() => head.map(() => ""))],
      ...calls.map(({ label, without, guarded, with: cancelled, both }) => [
        label,
        ...[without, guarded, cancelled, both].flatMap(cells),
      ]),
    ],
  };
}

interface SpokenLine extends Line {
  readonly text: string;
}

/** What the caller says: the shorter recordings, each 3 dB quieter than the assistant is made. */
function linesOf({ clips }: Speech, seconds: number): SpokenLine[] {
  const [shortest, longest] = LINE_SECONDS;
  const short = clips.filter(({ samples: { length } }) => length >= shortest * RATE && length <= longest * RATE);
  const lines: SpokenLine[] = [];
  for (let at = FIRST_LINE; at + longest < seconds; at += LINE_EVERY) {
    const { text, samples } = (short[lines.length % short.length] ?? clips[0]) as (typeof clips)[number];
    lines.push({ atMs: at * 1000, text, samples: atLevel(trimmed(samples), -23) });
  }
  return lines;
}

/** Without the silence at its beginning: the line begins when somebody speaks. */
function trimmed(samples: Int16Array): Int16Array {
  const least = activeRms(samples) / 4;
  return samples.subarray(
    Math.max(
      0,
      samples.findIndex((sample) => Math.abs(sample) > least),
    ),
  );
}

/** The assistant's voice; each sentence is made once. */
class Voice {
  readonly #tts = fliteTts({ jobTimeoutMs: 60_000 });
  readonly #said = new Map<string, Promise<Int16Array>>();

  say(text: string): Promise<Int16Array> {
    const said = this.#said.get(text) ?? this.#make(text);
    this.#said.set(text, said);
    return said;
  }

  async close(): Promise<void> {
    await this.#tts.close?.();
  }

  async #make(text: string): Promise<Int16Array> {
    async function* words(): AsyncGenerator<string> {
      yield text;
    }
    const parts: Int16Array[] = [];
    for await (const part of this.#tts.synthesize(words(), { signal: AbortSignal.timeout(60_000) }))
      if (part.type === "audio") parts.push(part.frame.samples);
    return atLevel(inSequence(...parts), -20);
  }
}
