import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { turnStep } from "./machine.ts";
import {
  callerIsQuiet,
  floorIsFree,
  initialTurnState,
  phaseOf,
  type TurnEffect,
  type TurnInput,
  type TurnRules,
} from "./state.ts";

/**
 * The unruly order, as a table: what is done about each thing that happens to a turn, by who has the floor. "Early" is speech that
 * began before anything of the answer was audible.
 *
 *     happens              nobody             caller speaks        words awaited        answer being made      answer audible
 *     vad start            listens            (double: nothing;    listens: one turn    early: words decide    contest: enough
 *                                             other: ends first)                                               speech, or words
 *     vad end              nothing            words awaited        nothing              words awaited          too little: a command
 *                                                                                                               interrupts, else dropped
 *     partial              nothing            shown                shown                early: cancels         early: silences
 *     final text           not known: nothing turn ends there      in speaking order    cancels, joins         (early) silences
 *     final that only      a turn             a turn               a turn               ignored (semantic)   ignored (semantic); if
 *     says "I listen"                                                                                         else cancels, joins  it had been cut: resumes
 *     final empty          nothing            turn ends there      judged again, or     goes on                goes on; if it had
 *                                                                  goes on                                     been cut: resumes
 *     reply text/audio     -                  held                 held                 audible                goes on
 *     playback ended       nothing            nothing              nothing              thinking again         done
 *     mute                 nothing            ends with what was   nothing              nothing                nothing
 *                                             heard
 *     text                 a turn             after those words,   after those words,   cancels, a turn        silences, a turn
 *                                             or in 1 s            or in 1 s
 *     interrupt            no resuming        no resuming          no resuming          cancels                silences
 *     say                  spoken             held, then spoken    held, then spoken    after the answer       after the answer
 *     close                everything ends, in every column
 */

const confirmed: TurnRules = {
  ...{ strategy: "confirmed", minSpeechMs: 300, maxHeldPieces: 8 },
  ...{ wordlessMs: 1_500, resume: true, isBackchannel: ({ text }) => text === "mhm" },
  isCommand: ({ text }) => text === "stop",
};

const start = (segment: number, elapsedMs = 60): TurnInput => ({ type: "speech-start", segment, elapsedMs });
const lasted = (segment: number, speechMs: number): TurnInput => ({ type: "speech-progress", segment, speechMs });
const end = (segment: number): TurnInput => ({ type: "speech-end", segment });
const said = (segment: number, text: string): TurnInput => ({ type: "transcript", segment, text });
const partial = (segment: number, text: string): TurnInput => ({ type: "partial", segment, text });
const audible = (utterance = "u1"): TurnInput => ({ type: "utterance-start", utterance });
const ended = (utterance = "u1", answers = 1): TurnInput => ({ type: "utterance-end", utterance, answers });
const text = (words: string): TurnInput => ({ type: "text", text: words });
const stop: TurnInput = { type: "interrupt", reason: "client" };

/** Runs inputs; every `judge` is answered at once with "complete". Gives what was done, in short. */
function run(inputs: readonly TurnInput[], rules: TurnRules = confirmed) {
  let state = initialTurnState;
  const done: string[] = [];
  const queue = [...inputs];
  for (let input = queue.shift(); input; input = queue.shift()) {
    const step = turnStep(state, input, rules);
    state = step.state;
    for (const effect of step.effects) {
      if (effect.type === "judge") {
        const { revision, typed } = effect;
        queue.unshift({ type: "decision", revision, text: effect.text, waitMs: 0, typed });
      } else if (!isTold(effect)) done.push(short(effect));
    }
  }
  return { state, done };
}

/** Nothing that is done to anybody: a wait, and what is told of. */
const isTold = (effect: TurnEffect): boolean =>
  effect.type === "dismiss" || (effect.type === "start-timer" && effect.timer !== "endpoint");

function short(effect: TurnEffect): string {
  switch (effect.type) {
    case "submit":
      return `submit ${effect.text}`;
    case "silence":
      return `silence ${effect.reason}`;
    case "finish-segment":
    case "drop-segment":
      return `${effect.type.slice(0, -8)} ${effect.segment}`;
    case "resume":
      return `resume ${effect.words}`.trim();
    default:
      return effect.type;
  }
}

const question: TurnInput[] = [start(1), end(1), said(1, "what time is it")];
const asked = ["finish 1", "submit what time is it"];
const speaking: TurnInput[] = [...question, audible()];

describe("what was said stays in its order", () => {
  const both: TurnInput[] = [start(1), end(1), start(2), end(2)];
  const three: TurnInput[] = [...both, start(3), end(3)];
  it.each<[string, TurnInput[], string[]]>([
    ["two results cross", [...both, said(2, "two"), said(1, "one")], ["submit one two"]],
    ["two results do not cross", [...both, said(1, "one"), said(2, "two")], ["submit one two"]],
    ["the first one failed or was noise", [...both, said(2, "two"), said(1, "")], ["submit two"]],
    ["the second one was noise", [...both, said(2, ""), said(1, "one")], ["submit one"]],
    ["both were noise", [...both, said(2, ""), said(1, "")], []],
    ["three cross", [...three, said(3, "three"), said(1, "one"), said(2, "two")], ["submit one two three"]],
    ["three backwards", [...three, said(3, "three"), said(2, "two"), said(1, "one")], ["submit one two three"]],
    ["the middle of three was noise", [...three, said(3, "three"), said(2, ""), said(1, "one")], ["submit one three"]],
    ["one comes twice", [...both, said(2, "two"), said(2, "two"), said(1, "one"), said(1, "one")], ["submit one two"]],
    [
      "the second comes while the third is being spoken",
      [start(1), end(1), start(2), end(2), start(3), said(2, "two"), said(1, "one"), end(3), said(3, "three")],
      ["submit one two three"],
    ],
    [
      "the second comes while the first, whose end is missing, is being recognised",
      [start(1), start(2), end(2), said(2, "two"), said(1, "one")],
      ["submit one two"],
    ],
  ])("%s", (_, inputs, expected) => {
    const { done, state } = run(inputs);
    expect(done.filter((effect) => effect.startsWith("submit"))).toEqual(expected);
    expect([state.awaited, state.ahead, state.speaking]).toEqual([[], [], undefined]);
  });

  it("also over an answer that nobody has heard: it is cancelled once, for all of it", () => {
    const { done } = run([
      ...question,
      start(2),
      end(2),
      start(3),
      end(3),
      said(3, "in Paris"),
      said(2, "and the date"),
    ]);
    expect(done).toEqual([...asked, "finish 2", "finish 3", "silence barge_in", "submit and the date in Paris"]);
  });

  it.each<[string, TurnInput[], string[]]>([
    ["before what is typed", [text("typed")], ["silence text_input", "submit held typed"]],
    ["when the caller stops the assistant", [stop], ["silence client", "submit held"]],
  ])("what was held while the assistant may not be interrupted comes %s", (_, more, expected) => {
    const inputs = [...speaking, start(2), end(2), said(2, "held"), ...more];
    expect(run(inputs, { ...confirmed, strategy: "disabled" }).done).toEqual([...asked, "finish 2", ...expected]);
  });

  it("also where the assistant may not be interrupted", () => {
    const inputs = [...speaking, start(2), end(2), start(3), end(3), said(3, "three"), said(2, "two"), ended()];
    const { done } = run(inputs, { ...confirmed, strategy: "disabled" });
    expect(done).toEqual([...asked, "finish 2", "finish 3", "submit two three"]);
  });
});

describe("what is typed comes after the words said before, as one turn", () => {
  const due: TurnInput = { type: "timer", timer: "typed" };
  const both = ["submit one typed"];
  const late = [start(1), end(1), text("typed"), due];
  it.each<[string, TurnInput[], string[]]>([
    ["their recogniser is slower", [start(1), end(1), text("typed"), said(1, "one")], both],
    ["their end is told later", [start(1), text("typed"), end(1), said(1, "one")], both],
    ["they come without an end", [start(1), text("typed"), said(1, "one")], both],
    ["they cross", [start(1), end(1), start(2), end(2), text("typed"), said(2, "one"), said(1, "")], both],
    ["a noise follows them", [start(1), end(1), start(2), said(1, "one"), text("typed"), end(2), said(2, "")], both],
    ["it was noise", [start(1), end(1), text("typed"), said(1, "")], ["submit typed"]],
    ["nobody has said anything", [text("typed")], ["submit typed"]],
    ["twice", [start(1), end(1), text("ty"), text("ped"), said(1, "one")], ["submit one ty ped"]],
    ["they take too long", [...late, said(1, "one"), audible(), ended()], ["submit typed", "submit one"]],
    [
      "they take so long that it is answered",
      [...late, audible(), ended(), said(1, "one")],
      ["submit typed", "submit one"],
    ],
    ["they take too long, and ask to stop", [...late, audible(), said(1, "stop")], ["submit typed", "submit stop"]],
    [
      "they take too long, and then others do",
      [...late, start(2), said(1, "one"), end(2), said(2, "two")],
      ["submit typed", "submit one two"],
    ],
    [
      "one of two takes too long",
      [start(1), end(1), start(2), end(2), text("typed"), said(2, "two"), due, said(1, "one"), ended()],
      ["submit two typed"],
    ],
    ["they do not end", [start(1), text("typed"), due], ["submit typed"]],
    ["its time is over later", [start(1), end(1), text("typed"), said(1, "one"), due], both],
    ["somebody presses stop", [start(1), end(1), text("typed"), stop, said(1, "one")], both],
    ["the application begins to speak", [start(1), end(1), text("typed"), audible("note"), said(1, "one")], both],
    [
      "the application begins to speak, over noise",
      [start(1), end(1), text("typed"), audible("note"), said(1, "")],
      ["silence text_input", "submit typed"],
    ],
  ])("%s", (_, inputs, expected) => {
    const { done, state } = run(inputs);
    expect(done.filter((each) => /^(submit|silence text)/.test(each))).toEqual(expected);
    expect(state.typed).toEqual([]);
  });
});

describe("nobody is left in silence", () => {
  const immediate: TurnRules = { ...confirmed, strategy: "immediate" };
  const cut = [...asked, "silence barge_in"];
  it.each<[string, TurnInput[], string[], TurnRules?]>([
    ["a knock", [...speaking, start(2), lasted(2, 80), end(2), said(2, "")], [...asked, "finish 2"]],
    ["a cough", [...speaking, start(2), lasted(2, 80), end(2), said(2, "hum")], [...asked, "finish 2", "drop 2"]],
    [
      "a short word that asks for it",
      [...speaking, start(2), lasted(2, 80), end(2), said(2, "stop")],
      [...asked, "finish 2", "silence barge_in", "submit stop"],
    ],
    [
      "the same, guessed at",
      [...speaking, start(2), lasted(2, 80), partial(2, "stop"), end(2), said(2, "stop")],
      [...cut, "finish 2", "submit stop"],
    ],
    [
      "many knocks in one stretch",
      [...speaking, start(2), lasted(2, 299), end(2), said(2, "")],
      [...asked, "finish 2"],
    ],
    ["long noise", [...speaking, start(2), lasted(2, 300), end(2), said(2, "")], [...cut, "finish 2", "resume"]],
    ["noise at once", [...speaking, start(2), end(2), said(2, "")], [...cut, "finish 2", "resume"], immediate],
    [
      "noise twice",
      [...speaking, start(2), lasted(2, 300), end(2), start(3), said(2, ""), end(3), said(3, "")],
      [...cut, "finish 2", "finish 3", "resume"],
    ],
    [
      "noise, then words",
      [...speaking, start(2), lasted(2, 300), end(2), start(3), said(2, ""), end(3), said(3, "stop")],
      [...cut, "finish 2", "finish 3", "submit stop"],
    ],
    ["noise, then stop", [...speaking, start(2), lasted(2, 300), end(2), stop, said(2, "")], [...cut, "finish 2"]],
    [
      "noise, then typed text",
      [...speaking, start(2), lasted(2, 300), end(2), text("hm"), said(2, "")],
      [...cut, "finish 2", "submit hm"],
    ],
    [
      "stop is not taken back by noise",
      [...speaking, stop, start(2), end(2), said(2, "")],
      [...asked, "silence client", "finish 2"],
    ],
    [
      "words that are taken back, for which an unheard answer was given up",
      [...question, start(2), partial(2, "and"), partial(2, "and also"), end(2), said(2, "")],
      [...asked, "silence barge_in", "finish 2", "submit and also"],
    ],
    [
      "a guess of an answer that is audible, taken back",
      [...question, start(2), audible(), partial(2, "uh"), end(2), said(2, "")],
      [...asked, "silence barge_in", "finish 2", "resume"],
    ],
    [
      "noise over an answer that is being made",
      [...question, start(2), lasted(2, 900), end(2), said(2, "")],
      [...asked, "finish 2"],
    ],
  ])("%s", (_, inputs, expected, rules) => {
    const { done, state } = run(inputs, rules);
    expect(done).toEqual(expected);
    expect(state.resumable).toBeUndefined();
  });

  it.each<[string, TurnInput[], string[], Partial<TurnRules>?]>([
    ["is no turn, and the assistant goes on", [said(2, "mhm")], [...cut, "finish 2", "resume mhm"]],
    [
      "is one when nothing was left to say",
      [said(2, "mhm"), { type: "unresumed", text: "mhm" }],
      [...cut, "finish 2", "resume mhm", "submit mhm"],
    ],
    [
      "is no turn when other words follow",
      [start(3), said(2, "mhm"), end(3), said(3, "why")],
      [...cut, "finish 2", "finish 3", "submit why"],
    ],
    [
      "twice is no turn",
      [start(3), said(2, "mhm"), end(3), said(3, "mhm")],
      [...cut, "finish 2", "finish 3", "resume mhm"],
    ],
    [
      "is a turn where nothing is taken up again",
      [said(2, "mhm")],
      [...cut, "finish 2", "submit mhm"],
      { resume: false },
    ],
    ["is nothing to be answered when it is stopped", [stop, said(2, "mhm")], [...cut, "finish 2"]],
  ])("what only says that somebody listens, and cut the assistant off, %s", (_, after, expected, rules) => {
    expect(run([...speaking, start(2), lasted(2, 300), end(2), ...after], { ...confirmed, ...rules }).done).toEqual(
      expected,
    );
  });

  const semantic: TurnRules = { ...confirmed, strategy: "semantic" };
  it.each<[string, TurnInput[], string[]]>([
    [
      "speaks on through what only says that somebody listens",
      [lasted(2, 900), partial(2, "mhm"), end(2), said(2, "mhm")],
      ["finish 2"],
    ],
    ["also when that is long", [partial(2, "mhm"), lasted(2, 4_000), end(2), said(2, "mhm")], ["finish 2"]],
    [
      "yields at the first word that is more",
      [lasted(2, 100), partial(2, "mhm"), partial(2, "mhm wait")],
      ["silence barge_in"],
    ],
    ["is not cut off by words as such", [lasted(2, Number.POSITIVE_INFINITY)], []],
    ["yields to speech of which no word comes", [lasted(2, 1_499), lasted(2, 1_500)], ["silence barge_in"]],
    ["speaks on through noise", [lasted(2, 800), end(2), said(2, "")], ["finish 2"]],
    [
      "yields to words that come at the end",
      [end(2), said(2, "stop")],
      ["finish 2", "silence barge_in", "submit stop"],
    ],
    ["answers what was said as it ended", [end(2), ended(), said(2, "mhm")], ["finish 2", "submit mhm"]],
    [
      "keeps two apart",
      [end(2), start(3), said(2, "mhm"), partial(3, "mhm"), end(3), said(3, "mhm")],
      ["finish 2", "finish 3"],
    ],
    ["yields to a button", [end(2), start(3, Number.POSITIVE_INFINITY)], ["finish 2", "silence barge_in"]],
  ])("an assistant that listens to the words %s", (_, after, expected) => {
    expect(run([...speaking, start(2), ...after], semantic).done).toEqual([...asked, ...expected]);
  });

  it("an answer in the making is not given up for a hesitation", () => {
    const done = (words: string) =>
      run([...question, start(2), partial(2, words), end(2), said(2, words)], semantic).done;
    expect([done("mhm"), done("and")]).toEqual([
      [...asked, "finish 2"],
      [...asked, "silence barge_in", "finish 2", "submit and"],
    ]);
  });

  it("resumes when a hook blocks what interrupted", () => {
    const before = run([...speaking, start(2), lasted(2, 300), end(2)]).state;
    const judged = turnStep(before, said(2, "mm-hm"), confirmed);
    const { effects } = turnStep(judged.state, { type: "turn-blocked", revision: judged.state.revision }, confirmed);
    expect(effects).toEqual([{ type: "resume", words: "", cause: "no_words" }]);
  });

  it("answers a turn that was judged while the application began to say something", () => {
    const judged = turnStep(run([start(1), end(1)]).state, said(1, "hello"), confirmed);
    const { state } = turnStep(judged.state, audible("note"), confirmed);
    const decision = {
      type: "decision",
      revision: state.revision,
      text: "hello",
      waitMs: 0,
      typed: false,
    } as const;
    expect(turnStep(state, decision, confirmed).effects).toEqual([{ type: "submit", turn: 1, text: "hello" }]);
  });

  it("judges a turn again when a knock over the application's words kept its judgement from being heard", () => {
    const judged = turnStep(run([start(1), end(1)]).state, said(1, "hello"), confirmed);
    let { state } = turnStep(judged.state, audible("note"), confirmed);
    const { revision } = state;
    state = turnStep(state, start(2), confirmed).state;
    const decision = { type: "decision", revision, text: "hello", waitMs: 0, typed: false } as const;
    state = turnStep(state, decision, confirmed).state;
    state = turnStep(state, end(2), confirmed).state;
    const { effects } = turnStep(state, said(2, ""), confirmed);
    expect(effects.filter((each) => !isTold(each)).map(short)).toEqual(["judge"]);
  });
});

describe("a begin without an end, and the other way round", () => {
  it.each<[string, TurnInput[], string[]]>([
    [
      "two starts",
      [start(1), start(2), end(2), said(1, "one"), said(2, "two")],
      ["finish 1", "finish 2", "submit one two"],
    ],
    ["the same start twice", [start(1), start(1), end(1), said(1, "one")], ["finish 1", "submit one"]],
    ["an end without a start", [end(4), said(4, "ghost")], []],
    ["an end twice", [start(1), end(1), end(1), said(1, "one")], ["finish 1", "submit one"]],
    [
      "a start that comes again after its end",
      [start(1), end(1), start(1), said(1, "one")],
      ["finish 1", "submit one"],
    ],
    ["words before the end", [start(1), said(1, "one"), end(1)], ["submit one"]],
  ])("%s", (_, inputs, expected) => {
    expect(run(inputs).done).toEqual(expected);
  });
});

describe.each(["confirmed", "immediate", "semantic", "disabled"] as const)("any order (%s)", (strategy) => {
  /** A world around the machine: everything it causes happens, but at a time of its own choosing. */
  function live(seed: number): void {
    const rules: TurnRules = { ...confirmed, strategy, maxHeldPieces: 1_000 };
    const random = seededRandom(seed);
    const pick = (n: number): number => Math.floor(random() * n);
    let state = initialTurnState;
    let segments = 0;
    let utterances = 0;
    let open: number | undefined;
    const words = new Map<number, string>();
    /** What will happen, in any order. */
    const pending: TurnInput[] = [];
    /** Answers that wait for the floor. */
    const waiting: { turn?: number | undefined }[] = [];
    const submitted: string[] = [];
    const dropped = new Set<number>();
    const late = new Set<number>();
    const typed: string[] = [];
    let spoken: { id: string; turn: number | undefined } | undefined;
    /** The turn whose answer was cut off, and may go on. */
    let held: number | undefined;

    const over = (turn: number | undefined): TurnInput[] => (turn === undefined ? [] : [{ type: "turn-done", turn }]);
    const feed = (input: TurnInput): void => {
      const before = state;
      const step = turnStep(state, input, rules);
      state = step.state;
      for (const segment of state.late) late.add(segment);
      const letGo = before.resumable && !state.resumable && !step.effects.some(({ type }) => type === "resume");
      if (letGo) pending.push(...over(held));
      for (const [i, effect] of step.effects.entries()) {
        if (effect.type === "silence") {
          if (i !== 0) throw new Error("silence is not the first effect");
          if (spoken) pending.push({ type: "utterance-end", utterance: spoken.id });
          spoken = undefined;
          if (effect.hold) held = before.answering;
          else pending.push(...over(before.answering));
          waiting.splice(0, waiting.length, ...waiting.filter(({ turn }) => turn === undefined));
        } else if (effect.type === "finish-segment") {
          pending.push({ type: "transcript", segment: effect.segment, text: words.get(effect.segment) ?? "" });
        } else if (effect.type === "drop-segment") dropped.add(effect.segment);
        else if (effect.type === "judge") {
          const { revision, text: all, typed } = effect;
          pending.push({ type: "decision", revision, text: all, waitMs: random() < 0.8 ? 0 : 500, typed });
        } else if (effect.type === "start-timer") pending.push({ type: "timer", timer: effect.timer });
        else if (effect.type === "submit") {
          submitted.push(...effect.text.split(" "));
          waiting.push({ turn: effect.turn });
        } else if (effect.type === "resume") {
          expect(floorIsFree(state)).toBe(true);
          // What was left unsaid, if anything was.
          if (random() < 0.7) waiting.unshift({ turn: held });
          else pending.push({ type: "unresumed", text: effect.words }, ...over(held));
          held = undefined;
        }
      }
    };

    const actions: (() => void)[] = [
      () => {
        if (open !== undefined) return;
        open = ++segments;
        const kind = random();
        words.set(open, kind < 0.25 ? "" : kind < 0.45 ? "mhm" : `w${open}`);
        feed(start(open));
      },
      () => open !== undefined && feed(lasted(open, pick(600))),
      () => {
        const said = words.get(open ?? -1);
        if (open !== undefined && said) feed(partial(open, said));
      },
      () => {
        if (open === undefined) return;
        const ending = open;
        open = undefined;
        feed(end(ending));
      },
      () => {
        const next = pending.splice(pick(pending.length), 1)[0];
        if (next) feed(next);
      },
      () => {
        if (spoken || !floorIsFree(state)) return;
        const next = waiting.shift();
        if (!next) return;
        spoken = { id: `u${++utterances}`, turn: next.turn };
        // Never two voices at once because of us.
        expect(open).toBeUndefined();
        feed({ type: "utterance-start", utterance: spoken.id });
      },
      () => {
        if (!spoken) return;
        const { id, turn } = spoken;
        spoken = undefined;
        feed({ type: "utterance-end", utterance: id, ...(turn === undefined ? {} : { answers: turn }) });
        if (turn !== undefined) pending.push({ type: "turn-done", turn });
      },
      () => random() < 0.1 && waiting.push({}),
      () => random() < 0.2 && feed(stop),
      () => {
        if (random() > 0.2) return;
        typed.push(`t${typed.length}`);
        feed(text(typed.at(-1) as string));
      },
    ];
    for (let i = 0; i < 120; i++) (actions[pick(actions.length)] as () => void)();

    // Then everybody lets it come to rest.
    if (open !== undefined) (actions[3] as () => void)();
    for (let i = 0; i < 500; i++) {
      (actions[4] as () => void)();
      (actions[5] as () => void)();
      (actions[6] as () => void)();
    }
    expect(phaseOf(state)).toBe("idle");
    expect([callerIsQuiet(state), state.late, state.behind]).toEqual([true, [], []]);
    expect([state.pieces, state.typed, state.held, state.ahead, state.resumable, state.claim, state.waiting, state.spared]).toEqual([
      [], [], [], [], undefined, undefined, undefined, "",
    ]); // biome-ignore format: a plain list
    const heard = [...words].flatMap(([segment, word]) =>
      !word.startsWith("w") || dropped.has(segment) ? [] : [word],
    );
    // Nothing lost, nothing doubled, nothing out of order but what came so late that it was not waited for.
    const told = submitted.filter((word) => word.startsWith("w"));
    const inTime = (word: string): boolean => !late.has(Number(word.slice(1)));
    expect(told.filter(inTime)).toEqual(heard.filter(inTime));
    expect(told.toSorted()).toEqual(heard.toSorted());
    expect(submitted.filter((word) => word.startsWith("t"))).toEqual(typed);
  }

  it("comes to rest with everything answered, once, in its order", () => {
    for (let seed = 1; seed <= 200; seed++) {
      try {
        live(seed);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });
});
