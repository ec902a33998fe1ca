import { describe, expect, it } from "vitest";
import { turnStep } from "./machine.ts";
import {
  type HeardWords,
  initialTurnState,
  phaseOf,
  type TurnEffect,
  type TurnInput,
  type TurnRules,
  type TurnState,
} from "./state.ts";

const confirmed: TurnRules = {
  ...{ strategy: "confirmed", minSpeechMs: 300, maxHeldPieces: 2 },
  ...{ wordlessMs: 1_500, resume: true, isBackchannel: ({ text }) => text === "mhm" },
};
const immediate: TurnRules = { ...confirmed, strategy: "immediate" };
const disabled: TurnRules = { ...confirmed, strategy: "disabled" };

/** Nothing that is done to anybody: a wait, and what is told of. */
const isTold = (effect: TurnEffect): boolean =>
  effect.type === "dismiss" || (effect.type === "start-timer" && effect.timer === "verdict");

/** Runs inputs through the machine; gives the state and, for each input, the effects as short names. */
function run(inputs: readonly TurnInput[], rules: TurnRules = confirmed, from: TurnState = initialTurnState) {
  let state = from;
  const effects: TurnEffect[][] = [];
  const phases: string[] = [];
  for (const input of inputs) {
    const step = turnStep(state, input, rules);
    state = step.state;
    effects.push(step.effects.filter((each) => !isTold(each)));
    phases.push(phaseOf(state));
  }
  return { state, effects, phases, names: effects.map((list) => list.map((effect) => effect.type)) };
}

const start = (segment: number, elapsedMs = 60): TurnInput => ({ type: "speech-start", segment, elapsedMs });
const end = (segment: number): TurnInput => ({ type: "speech-end", segment });
const said = (segment: number, text: string): TurnInput => ({ type: "transcript", segment, text });
const partial = (segment: number, text: string): TurnInput => ({ type: "partial", segment, text });
const decided = (revision: number, text: string, waitMs = 0): TurnInput => ({
  type: "decision",
  revision,
  text,
  waitMs,
  typed: false,
});
const audible = (utterance = "u1"): TurnInput => ({ type: "utterance-start", utterance });
const ended = (utterance = "u1", answers = 1): TurnInput => ({ type: "utterance-end", utterance, answers });
const lasted = (segment: number, speechMs = 300): TurnInput => ({ type: "speech-progress", segment, speechMs });
const endpointTimer: TurnInput = { type: "timer", timer: "endpoint" };
const typedTimer: TurnInput = { type: "timer", timer: "typed" };

const question: TurnInput[] = [start(1), end(1), said(1, "what time is it"), decided(1, "what time is it")];

describe("a plain turn", () => {
  it("goes from idle to listening, endpointing, thinking, speaking and back", () => {
    const { phases, names, effects, state } = run([...question, audible(), ended(), { type: "turn-done", turn: 1 }]);
    expect(phases).toEqual(["listening", "endpointing", "endpointing", "thinking", "speaking", "idle", "idle"]);
    expect(names).toEqual([[], ["finish-segment"], ["judge"], ["submit"], [], [], []]);
    expect(effects[3]).toEqual([{ type: "submit", turn: 1, text: "what time is it" }]);
    expect(state).toEqual({ ...initialTurnState, turns: 1, revision: 1 });
  });

  it("goes back to thinking after something said in between, while the answer is still being made", () => {
    const { phases } = run([
      ...question,
      audible("note"),
      { type: "utterance-end", utterance: "note" },
      audible("u1"),
      ended("u1"),
    ]);
    expect(phases.slice(4)).toEqual(["speaking", "thinking", "speaking", "idle"]);
  });

  it("ends quietly when nothing was recognised", () => {
    const { phases, names } = run([start(1), end(1), said(1, "")]);
    expect(phases.at(-1)).toBe("idle");
    expect(names.flat()).toEqual(["finish-segment"]);
  });

  it("joins what was said before and after a short pause", () => {
    const { effects } = run([start(1), end(1), start(2), said(1, "I would like"), end(2), said(2, "a table for two")]);
    expect(effects.at(-1)).toEqual([
      { type: "judge", revision: 2, text: "I would like a table for two", typed: false },
    ]);
    expect(effects[3]).toEqual([]); // still talking: not judged yet
  });

  it("ignores a decision about an older revision, and one that comes while the caller talks again", () => {
    const stale = run([start(1), end(1), said(1, "one"), start(2), end(2), said(2, "two"), decided(1, "one")]);
    expect(stale.names.at(-1)).toEqual([]);
    const talking = run([start(1), end(1), said(1, "one"), start(2), decided(1, "one")]);
    expect(talking.names.at(-1)).toEqual([]);
    expect(talking.phases.at(-1)).toBe("listening");
  });

  it("drops a turn that a hook blocked", () => {
    const { state, phases } = run([start(1), end(1), said(1, "secret"), { type: "turn-blocked", revision: 1 }]);
    expect(phases.at(-1)).toBe("idle");
    expect(state.pieces).toEqual([]);
  });
});

describe("an incomplete turn", () => {
  const waiting: TurnInput[] = [start(1), end(1), said(1, "my number is"), decided(1, "my number is", 1_500)];

  it("waits, and is answered all the same", () => {
    const { effects, names } = run([...waiting, endpointTimer]);
    expect(effects[3]).toEqual([{ type: "start-timer", timer: "endpoint", ms: 1_500 }]);
    expect(effects[4]).toEqual([{ type: "submit", turn: 1, text: "my number is" }]);
    expect(names.flat().filter((name) => name === "submit")).toHaveLength(1);
  });

  it("goes on when the caller does", () => {
    const { effects } = run([...waiting, start(2), end(2), said(2, "five five five"), endpointTimer]);
    expect(effects[4]).toEqual([{ type: "stop-timer", timer: "endpoint" }]);
    expect(effects[6]).toEqual([{ type: "judge", revision: 2, text: "my number is five five five", typed: false }]);
    expect(effects[7]).toEqual([]);
  });

  it("is judged again when only noise followed: the caller is never left without an answer", () => {
    const { effects } = run([...waiting, start(2), end(2), said(2, "")]);
    expect(effects.at(-1)).toEqual([{ type: "judge", revision: 2, text: "my number is", typed: false }]);
  });
});

describe("speech over the assistant's speech", () => {
  const speaking: TurnInput[] = [...question, audible()];

  it("confirmed: silences first, once the speech has lasted", () => {
    const { effects, phases } = run([...speaking, start(2, 60), lasted(2, 299), lasted(2, 300)]);
    expect(effects.slice(5, 7).flat()).toEqual([]);
    expect(phases[6]).toBe("speaking");
    expect(effects[7]?.[0]).toMatchObject({ type: "silence", reason: "barge_in" });
    expect(phases[7]).toBe("interrupted");
  });

  it("confirmed: a cough neither interrupts nor becomes a turn", () => {
    const { effects, phases } = run([...speaking, start(2), lasted(2, 80), end(2), lasted(2), said(2, "uh")]);
    expect(effects.slice(7).flat()).toEqual([
      { type: "finish-segment", segment: 2 },
      { type: "drop-segment", segment: 2 },
    ]);
    expect(phases.at(-1)).toBe("speaking");
  });

  it("immediate: silences at the onset", () => {
    const { effects } = run([...speaking, start(2)], immediate);
    expect(effects.at(-1)?.[0]).toMatchObject({ type: "silence", reason: "barge_in" });
  });

  it("disabled: never silences; what was said is the next turn", () => {
    const { effects, names } = run(
      [...speaking, start(2), end(2), said(2, "and the date"), ended(), { type: "turn-done", turn: 1 }],
      disabled,
    );
    expect(names.flat()).not.toContain("silence");
    expect(effects.at(-2)).toEqual([{ type: "judge", revision: 2, text: "and the date", typed: false }]);
  });

  it("disabled: keeps the newest pieces only", () => {
    const more: TurnInput[] = [2, 3, 4].flatMap((n) => [start(n), end(n), said(n, `piece ${n}`)]);
    const { state } = run([...speaking, ...more], disabled);
    expect(state.held).toEqual(["piece 3", "piece 4"]);
  });

  it("the interrupting words become the next turn, from their first word", () => {
    const { effects, phases } = run([
      ...speaking,
      start(2),
      lasted(2),
      end(2),
      said(2, "stop please"),
      decided(2, "stop please"),
    ]);
    expect(effects.at(-1)).toEqual([{ type: "submit", turn: 2, text: "stop please" }]);
    expect(phases.at(-1)).toBe("thinking");
  });

  it("a late end of the silenced utterance, or of its turn, changes nothing", () => {
    const { phases, names } = run([...speaking, start(2), lasted(2), ended(), { type: "turn-done", turn: 1 }]);
    expect(phases.at(-1)).toBe("interrupted");
    expect(names.slice(-2).flat()).toEqual([]);
  });
});

describe("speech while the answer is still being made", () => {
  it("noise does not cancel the answer", () => {
    const { names, phases } = run([...question, start(2), end(2), said(2, "")]);
    expect(names.flat()).not.toContain("silence");
    expect(phases.at(-1)).toBe("thinking");
  });

  it("words do, as soon as they are guessed", () => {
    const { effects, phases } = run([...question, start(2), partial(2, "and also")]);
    expect(effects.at(-1)).toMatchObject([{ type: "silence", reason: "barge_in" }]);
    expect(phases.at(-1)).toBe("interrupted");
  });

  it("words do, when they are known only at the end", () => {
    const { effects } = run([...question, start(2), end(2), said(2, "in London")]);
    expect(effects.at(-1)?.map((effect) => effect.type)).toEqual(["silence", "judge"]);
  });

  it("short speech that began before the answer was audible counts, however short", () => {
    const { effects } = run([...question, start(2), audible(), end(2), said(2, "no")]);
    expect(effects[5]).toEqual([]);
    expect(effects[6]).toEqual([{ type: "finish-segment", segment: 2 }]);
    expect(effects[7]?.[0]).toMatchObject({ type: "silence", reason: "barge_in" });
    expect(effects[7]?.at(-1)).toEqual({ type: "judge", revision: 2, text: "no", typed: false });
  });
});

describe("typing and stopping", () => {
  it("typed text silences the assistant and is a turn of its own, also while the caller talks", () => {
    const { effects } = run([
      ...question,
      audible(),
      start(2),
      { type: "text", text: "never mind" },
      typedTimer,
      { ...decided(2, "never mind"), typed: true } as TurnInput,
    ]);
    expect(effects.at(-3)?.[0]).toMatchObject({ type: "silence", reason: "text_input" });
    expect(effects.at(-1)).toEqual([{ type: "submit", turn: 2, text: "never mind" }]);
  });

  it("stop silences once, and does nothing when nobody speaks", () => {
    const stop: TurnInput = { type: "interrupt", reason: "client" };
    const { effects } = run([...question, audible(), stop, stop]);
    expect(effects.at(-2)?.[0]).toMatchObject({ type: "silence", reason: "client" });
    expect(effects.at(-1)).toEqual([]);
  });
});

describe("always", () => {
  const everything: TurnInput[] = [
    start(1), end(1), said(1, "a"), said(1, ""), partial(1, "a"), decided(1, "a"), decided(1, "a", 1_000), lasted(1),
    endpointTimer, typedTimer, audible("u1"), ended("u1"), { type: "turn-done", turn: 1 }, { type: "turn-blocked", revision: 1 },
    { type: "text", text: "t" }, { type: "interrupt", reason: "client" }, start(2), end(2), said(2, "b"),
  ]; // biome-ignore format: a plain list

  it.each([confirmed, immediate, disabled])(
    "no order of inputs breaks it, and silence is always the first effect ($strategy)",
    (rules) => {
      let seed = 1;
      const random = (): number => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
      for (let round = 0; round < 300; round++) {
        let state = initialTurnState;
        for (let i = 0; i < 30; i++) {
          const input = everything[Math.floor(random() * everything.length)] as TurnInput;
          const step = turnStep(state, input, rules);
          const at = step.effects.findIndex((effect) => effect.type === "silence");
          const submits = step.effects.filter((effect) => effect.type === "submit").length;
          const { utterance, answering, turns, held } = step.state;
          const fine =
            at <= 0 &&
            (at < 0 || utterance === undefined) &&
            submits <= 1 &&
            (submits === 0 || answering === turns) &&
            held.length <= rules.maxHeldPieces;
          if (!fine) expect({ round, input, effects: step.effects }).toBe("in order");
          state = step.state;
        }
      }
    },
  );
});

describe("how sure the recogniser is of words", () => {
  /** Unsure words want no floor. */
  const rules: TurnRules = {
    ...confirmed,
    isBackchannel: ({ text, confidence = 1, speechMs = 1_000 }) =>
      text === "mhm" || (confidence < 0.4 && speechMs < 450),
    isCommand: ({ text }) => text === "stop",
  };
  const semantic: TurnRules = { ...rules, strategy: "semantic" };
  const unsure = { confidence: 0.3, speechMs: 350 };
  const guessed = (words: string, how: Omit<HeardWords, "text">): TurnInput => ({
    ...{ type: "partial", segment: 2, text: words },
    ...how,
  });
  const speaking = [...question, audible()];

  it("is of no account where nothing of the answer was audible yet", () => {
    const early = [...question, start(2), end(2), { ...said(2, "in bonn"), ...unsure } as TurnInput];
    for (const each of [rules, semantic]) expect(run(early, each).names.at(-1)).toEqual(["silence", "judge"]);
  });

  it("decides over an audible answer: the cut answer goes on", () => {
    const { names, state } = run(
      [...speaking, start(2), lasted(2), end(2), { ...said(2, "good"), ...unsure } as TurnInput],
      rules,
    );
    expect(names.flat()).toContain("silence");
    expect(names.at(-1)).toEqual(["resume"]);
    expect(state.turns).toBe(1);
    const sure = run(
      [...speaking, start(2), lasted(2), end(2), { ...said(2, "good"), confidence: 0.4 } as TurnInput],
      rules,
    );
    expect(sure.names.at(-1)).toEqual(["judge"]);
  });

  it("keeps a semantic answer from being cut, until the words are sure", () => {
    const over: TurnInput[] = [...speaking, start(2), guessed("you", unsure)];
    expect(run(over, semantic).names.flat()).not.toContain("silence");
    expect(run([...over, end(2), { ...said(2, "good"), ...unsure } as TurnInput], semantic).names.flat()).not.toContain(
      "silence",
    );
    const { names } = run([...over, guessed("you said munich", { confidence: 0.8, speechMs: 700 })], semantic);
    expect(names.at(-1)).toEqual(["silence"]);
  });

  it("makes a command of what is too short to interrupt, or none", () => {
    const commanded: TurnRules = {
      ...rules,
      isCommand: ({ text, confidence = 1 }) => text === "step" && confidence < 0.6,
    };
    const short = (confidence: number): TurnInput[] => [
      ...speaking,
      start(2),
      end(2),
      { ...said(2, "step"), confidence } as TurnInput,
    ];
    expect(run(short(0.5), commanded).names.at(-1)).toEqual(["silence", "judge"]);
    expect(run(short(0.6), commanded).names.at(-1)).toEqual(["drop-segment"]);
  });

  it("is no guess at what cut an answer off", () => {
    const { state } = run([...speaking, start(2), lasted(2), guessed("you", unsure)], rules);
    expect(state.resumable?.words).toBeUndefined();
  });

  it("goes with words that wait for earlier ones", () => {
    const two = [...speaking, start(2), lasted(2), end(2), start(3), end(3)];
    const { names } = run([...two, { ...said(3, "good"), ...unsure } as TurnInput, said(2, "")], rules);
    expect(names.at(-1)).toEqual(["resume"]);
  });
});

describe("what overtakes words that cut an answer off", () => {
  const held = [...question, audible(), start(2), lasted(2), end(2)];
  const typed: TurnInput[] = [
    { type: "text", text: "and Munich?" },
    typedTimer,
    { ...decided(2, "and Munich?"), typed: true } as TurnInput,
  ];

  it.each<[string, TurnInput[]]>([
    ["somebody types", typed],
    ["the application stops it", [{ type: "interrupt", reason: "api" }]],
  ])("%s: that they listen is nothing to be answered; anything else is", (_, overtaken) => {
    const listens = run([...held, ...overtaken, said(2, "mhm")]);
    expect([listens.names.at(-1), listens.state.pieces]).toEqual([[], []]);
    expect(listens.state.aside).toEqual([]);
    const means = run([...held, ...overtaken, said(2, "stop")], {
      ...confirmed,
      isCommand: ({ text }) => text === "stop",
    });
    expect(means.names.at(-1)).toContain("judge");
  });
});

describe("the assistant's own words", () => {
  const rules: TurnRules = { ...confirmed, isEcho: (text) => text === "it is noon" };
  const over = [...question, audible(), start(2), lasted(2, 100)];

  it("are an echo as long as they can be one", () => {
    const soon = [...over, ended(), lasted(2, 300), lasted(2, 900), end(2), said(2, "it is noon")];
    expect(run(soon, rules).names.at(-1)).toEqual([]);
  });

  it("are the caller's when they go on after the assistant has long been silent", () => {
    const late = [...over, ended(), lasted(2, 200), lasted(2, 1_000), end(2), said(2, "it is noon")];
    expect(run(late, rules).names.at(-1)).toEqual(["judge"]);
    const cut = [...over, lasted(2, 300), lasted(2, 320), lasted(2, 1_100), end(2), said(2, "it is noon")];
    expect(run(cut, rules).names.at(-1)).toEqual(["judge"]);
  });
});
