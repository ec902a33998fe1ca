import { speechLike } from "@roomkit/testing";
import { type Caller, PAUSE_MS } from "./caller.ts";
import type { Echo } from "./line.ts";
import { cough, knock, RATE, withPauses } from "./voices.ts";

/** What was measured at the caller's ear, ms. */
export interface Figures {
  /** From the end of the caller's words to the answer. */
  readonly answered?: number | undefined;
  /** From the onset of the caller's words to silence. */
  readonly silent?: number | undefined;
  /** The longest silence in an answer that should have gone on. */
  readonly paused?: number | undefined;
}

/** One everyday situation of a call. */
export interface Situation {
  readonly name: string;
  /** The caller's microphone hears the assistant. */
  readonly echo?: Echo;
  play(caller: Caller): Promise<Figures>;
}

const GERMANY = "What is the capital of Germany?";
const FRANCE = "What is the capital of France?";
const TIME = "What time is it?";
/** Answered for six seconds, and for twelve. */
const COUNT = "Count from one to ten.";
const COUNT_ON = "Count from one to twenty.";
const COUNTED = /nine, ten\.|nineteen, twenty/i;
const THE_TIME = /\bin the (morning|afternoon|evening)|at night|o'clock|noon|midnight/i;
/** How far into an answer somebody breaks in, ms. */
const INTO_MS = 1_600;
/** A "stop" that takes longer is talked over, ms. */
const SILENT_MS = 600;
/** So long may an answer halt for a sound that was nothing, ms. */
const HALT_MS = 3_000;

const quietly = (db: number): Echo => ({ db, delayMs: 60 });

/** Everything a caller of `npm start` runs into in the first minutes. */
export const situations: readonly Situation[] = [
  { name: "question", play: (caller) => question(caller) },
  {
    name: "two questions",
    async play(caller) {
      await question(caller);
      const { answeredMs } = await caller.asks(await caller.sound(FRANCE));
      await caller.untilOver(caller.line.nowMs);
      caller.expectTurns([2], /france/i);
      caller.expectAnswer(/paris/i);
      return { answered: answeredMs };
    },
  },
  { name: "pause", play: (caller) => paused(caller, ["I would like to know", "the capital of Germany."]) },
  { name: "pause twice", play: (caller) => paused(caller, ["I would like to know", "the capital of", "Germany."]) },
  {
    name: "number in groups",
    async play(caller) {
      await caller.greeted();
      const groups = await Promise.all(
        ["My number is five five five,", "one two three four."].map((text) => caller.sound(text)),
      );
      const { answeredMs } = await caller.asks(withPauses(900, groups));
      await caller.untilOver(caller.line.nowMs);
      caller.expectTurns([1], /(5|five).*(1|one).*(4|four)/i);
      return { answered: answeredMs };
    },
  },
  { name: "yeah", play: async (caller) => goesOn(caller, await caller.sound("Yeah.")) },
  { name: "right, okay", play: async (caller) => goesOn(caller, await caller.sound("Right, okay.")) },
  { name: "knock", play: (caller) => goesOn(caller, knock()) },
  { name: "cough", play: (caller) => goesOn(caller, cough()) },
  { name: "no words", play: (caller) => goesOn(caller, speechLike(RATE, 700, 2_000)) },
  {
    name: "stop",
    async play(caller) {
      const { startMs } = await over(caller, "Stop.");
      await caller.untilOver(startMs);
      return yields(caller, startMs);
    },
  },
  { name: "stop and a question", play: (caller) => breaksIn(caller, "Stop, what time is it?", [2, 3]) },
  { name: "echo -20 dB", echo: quietly(-20), play: toTheEnd },
  { name: "echo -12 dB", echo: quietly(-12), play: toTheEnd },
  { name: "barge-in", play: (caller) => breaksIn(caller, TIME) },
  { name: "barge-in, echo -20 dB", echo: quietly(-20), play: (caller) => breaksIn(caller, TIME) },
  { name: "barge-in, echo -12 dB", echo: quietly(-12), play: (caller) => breaksIn(caller, TIME) },
  {
    name: "speaks first",
    async play(caller) {
      const { startMs, endMs } = await caller.says(GERMANY);
      await caller.untilOver(endMs);
      caller.expectTurns([1], /germany/i);
      caller.expectAnswer(/berlin/i);
      const greeting = caller.heardFrom(0).find((each) => each.startMs < endMs);
      const answered = (caller.heardFrom(greeting?.endMs ?? endMs)[0]?.startMs ?? Number.NaN) - endMs;
      if (!greeting) return { answered };
      const silent = greeting.endMs - startMs;
      caller.expect(silent <= SILENT_MS, `silent after ${Math.round(silent)} ms`);
      return { answered, silent };
    },
  },
];

async function question(caller: Caller): Promise<Figures> {
  await caller.greeted();
  const { words, answeredMs } = await caller.asks(await caller.sound(GERMANY));
  await caller.untilOver(words.endMs, 900);
  caller.expectTurns([1], /germany/i);
  caller.expectAnswer(/berlin/i);
  return { answered: answeredMs };
}

/** A sentence with pauses of 0.9 s inside: one turn, one answer, and none before it is complete. */
async function paused(caller: Caller, parts: readonly string[]): Promise<Figures> {
  await caller.greeted();
  const sounds = await Promise.all(parts.map((text) => caller.sound(text)));
  const { answeredMs } = await caller.asks(withPauses(900, sounds));
  await caller.untilOver(caller.line.nowMs);
  caller.expectTurns([1], /germany/i);
  caller.expectAnswer(/berlin/i);
  return { answered: answeredMs };
}

/** A long answer under way, and something said over it; gives when that began. */
async function over(caller: Caller, sound: string | Int16Array): Promise<{ startMs: number; answerMs: number }> {
  await caller.greeted();
  const { words, answeredMs } = await caller.asks(await caller.sound(COUNT));
  caller.expectTurns([1], /count/i);
  const answerMs = words.endMs + (answeredMs ?? 0);
  const samples = typeof sound === "string" ? await caller.sound(sound) : sound;
  await caller.until(() => caller.line.nowMs >= answerMs + INTO_MS);
  const { startMs } = await caller.makes(samples);
  return { startMs, answerMs };
}

/** Something over an answer that is no reason to end it. */
async function goesOn(caller: Caller, sound: Int16Array): Promise<Figures> {
  const { answerMs } = await over(caller, sound);
  return heardToItsEnd(caller, answerMs);
}

/** A whole answer, while nobody says anything. */
async function toTheEnd(caller: Caller): Promise<Figures> {
  await caller.greeted();
  const { words, answeredMs } = await caller.asks(await caller.sound(COUNT_ON));
  const { paused: halted } = await heardToItsEnd(caller, words.endMs + (answeredMs ?? 0));
  caller.expect((halted ?? 0) < PAUSE_MS, `halted for ${halted} ms`);
  return { answered: answeredMs, paused: halted };
}

async function heardToItsEnd(caller: Caller, answerMs: number): Promise<Figures> {
  await caller.untilOver(answerMs);
  caller.expectTurns([1]);
  caller.expectAnswer(COUNTED);
  const heard = caller.heardFrom(answerMs, 50);
  const halts = heard.slice(1).map(({ startMs }, i) => startMs - (heard[i]?.endMs ?? startMs));
  const halted = Math.max(0, ...halts);
  caller.expect(halted < HALT_MS, `halted for ${halted} ms`);
  return { paused: halted };
}

/** A question over an answer: silence at once, and the new answer. @param turns how many the caller may have had by then */
async function breaksIn(caller: Caller, text: string, turns: readonly number[] = [2]): Promise<Figures> {
  const samples = await caller.sound(text);
  const { startMs } = await over(caller, samples);
  const endMs = startMs + samples.length / 48;
  await caller.untilOver(endMs);
  const figures = yields(caller, startMs);
  caller.expectTurns(turns, /time/i);
  caller.expectAnswer(THE_TIME);
  const answer = caller.heardFrom(startMs + (figures.silent ?? 0))[0]?.startMs;
  if (answer !== undefined && answer < endMs) caller.complaints.push("talked over the question");
  return { ...figures, answered: answer === undefined ? undefined : answer - endMs };
}

function yields(caller: Caller, startMs: number): Figures {
  const silent = caller.silentAfter(startMs);
  if (silent === undefined) caller.complaints.push("never cut off");
  else caller.expect(silent <= SILENT_MS, `silent after ${Math.round(silent)} ms`);
  caller.expect(
    !caller.said.some(({ role, text }) => role === "assistant" && COUNTED.test(text)),
    "went on to the end",
  );
  return { silent };
}
