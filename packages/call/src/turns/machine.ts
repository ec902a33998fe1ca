import { type DismissCause, joinTexts } from "@roomkit/core";
import { overtaken, unawaited } from "./late.ts";
import { aloneSince, interrupts, isEcho, onlyListens } from "./overlap.ts";
import {
  callerIsQuiet,
  type SegmentText,
  type TurnEffect,
  type TurnInput,
  type TurnJudgement,
  type TurnRules,
  type TurnState,
  type TurnStep,
  type TurnTimer,
} from "./state.ts";

/**
 * Every rule about who may speak, and nothing else: a pure function from what is and what happens to what is then and what is
 * to be done. The channel feeds it and carries out its effects.
 */
export function turnStep(state: TurnState, input: TurnInput, general: TurnRules): TurnStep {
  const rules = state.strategy === undefined ? general : { ...general, strategy: state.strategy };
  switch (input.type) {
    case "speech-start":
      return onSpeechStart(state, input.segment, input.elapsedMs, rules);
    case "speech-progress":
      return onSpeechProgress(state, input.segment, input.speechMs, rules);
    case "speech-end":
      return onSpeechEnd(state, input.segment, rules);
    case "partial":
      return onPartial(state, input, rules);
    case "transcript":
      return onTranscript(state, input, rules);
    case "decision":
      return onDecision(state, input);
    case "turn-blocked":
      return onBlocked(state, input.revision);
    case "timer":
      return onTimer(state, input.timer, rules);
    case "utterance-start":
      return onUtteranceStart({ ...state, strategy: input.strategy }, input.utterance, general);
    case "utterance-end":
      return onUtteranceEnd(state, input.utterance, input.answers);
    case "turn-done":
      return onTurnDone(state, input.turn);
    case "unresumed":
      return onUnresumed(state, input.text);
    case "text":
      return onText(state, input.text);
    case "interrupt":
      return onInterrupt(state, input.reason);
  }
}

const step = (state: TurnState, effects: readonly TurnEffect[] = []): TurnStep => ({ state, effects });
const without = (segments: readonly number[], segment: number): readonly number[] =>
  segments.filter((each) => each !== segment);
const assistantActive = (state: TurnState): boolean => state.utterance !== undefined || state.answering !== undefined;

/** One step after the other; nobody is to be silenced later than need be. */
function then(first: TurnStep, next: (state: TurnState) => TurnStep): TurnStep {
  const { state, effects } = next(first.state);
  const isCut = ({ type }: TurnEffect): boolean => type === "silence";
  return step(state, [...effects.filter(isCut), ...first.effects, ...effects.filter((each) => !isCut(each))]);
}

/** What is forgotten when the assistant is cut off, and when a turn is taken. */
const DECIDED = { claim: undefined, spared: "", echoed: false, resumable: undefined } as const;

/** The assistant loses the floor. Its turn counts as answered: what it still had to say is not said. */
function silenced(state: TurnState, reason: string): TurnStep {
  const over = { ...DECIDED, utterance: undefined, strategy: undefined, answering: undefined, overlap: undefined };
  return step({ ...withHeld(state), ...over, interrupted: true }, [{ type: "silence", reason, hold: false }]);
}

/** The caller's speech does that. What was audible goes on if it turns out that nobody had anything to say. */
function bargedIn(state: TurnState, rules: TurnRules, words?: SegmentText): TurnStep {
  const cut = silenced(state, "barge_in");
  if (!rules.resume || state.utterance === undefined) return cut;
  const { overlap, answering } = state;
  const guess = overlap?.words === undefined ? undefined : { segment: overlap.segment, text: overlap.words };
  const resumable = { answering, words: words ?? guess };
  return step({ ...cut.state, resumable }, [{ type: "silence", reason: "barge_in", hold: true }, VERDICT]);
}

/** How long it is waited for what cut the assistant off, from then and from the end of the speech, in ms. */
const VERDICT_MS = 2_000;
const VERDICT: TurnEffect = { type: "start-timer", timer: "verdict", ms: VERDICT_MS };

/** How long what was typed waits for the words said before it, in ms. */
const TYPED_MS = 1_000;
const AWAIT_WORDS: TurnEffect = { type: "start-timer", timer: "typed", ms: TYPED_MS };

function onSpeechStart(state: TurnState, segment: number, elapsedMs: number, rules: TurnRules): TurnStep {
  if (state.speaking === segment || state.awaited.includes(segment)) return step(state);
  // Speech whose end was never told is over when other speech begins.
  const before = state.speaking === undefined ? step(state) : onSpeechEnd(state, state.speaking, rules);
  const stop: TurnEffect[] = state.waiting === undefined ? [] : [{ type: "stop-timer", timer: "endpoint" }];
  const next: TurnState = { ...before.state, speaking: segment, waiting: undefined };
  const effects = [...before.effects, ...stop];
  if (!assistantActive(next) || rules.strategy === "disabled") return step(next, effects);
  // Thinking, nothing audible yet: only words cancel the answer. Noise here must not leave the caller without one.
  const early = next.utterance === undefined;
  const contested = { ...next, overlap: { segment, early } };
  // Certain however short it is: somebody presses a button to speak.
  const certain = elapsedMs === Number.POSITIVE_INFINITY;
  if (early || !(certain || interrupts(elapsedMs, rules))) return step(contested, effects);
  const cut = bargedIn(contested, rules);
  return step(cut.state, [...cut.effects, ...effects]);
}

function onSpeechProgress(state: TurnState, segment: number, speechMs: number, rules: TurnRules): TurnStep {
  const { overlap, utterance, speaking } = state;
  if (utterance === undefined && speaking === segment && (overlap?.segment === segment || state.resumable)) {
    const alone = aloneSince(state, segment, speechMs);
    return step(alone === state.alone ? state : { ...state, alone });
  }
  const contested = overlap?.segment === segment && !overlap.early && speaking === segment && utterance !== undefined;
  return contested && !overlap.spared && interrupts(speechMs, rules) ? bargedIn(state, rules) : step(state);
}

function onSpeechEnd(state: TurnState, segment: number, { strategy }: TurnRules): TurnStep {
  if (state.speaking !== segment) return step(state);
  const next = { ...state, speaking: undefined };
  const contested = state.overlap?.segment === segment && !state.overlap.early && state.utterance !== undefined;
  // Too little speech to interrupt: unless it is a command, it was not meant as a turn.
  const short = contested && strategy !== "semantic";
  const overlap = short && next.overlap ? { ...next.overlap, short } : next.overlap;
  const finish: TurnEffect = { type: "finish-segment", segment };
  const awaited = [...state.awaited, segment];
  return step({ ...next, overlap, awaited }, state.resumable ? [finish, VERDICT] : [finish]);
}

function onPartial(state: TurnState, words: SegmentText, rules: TurnRules): TurnStep {
  const { segment, text } = words;
  if (text === "") return step(state);
  if (state.claim?.segment === segment) return step({ ...state, claim: { segment, text } });
  const unheard = state.utterance === undefined;
  const { overlap, resumable } = state;
  if ((resumable || overlap?.segment === segment) && isEcho(state, words, rules)) return step(state);
  if (resumable && !onlyListens(state, words, rules))
    return step({ ...state, resumable: { ...resumable, words: { segment, text } } });
  if (overlap?.segment !== segment || !assistantActive(state) || rules.strategy === "disabled") return step(state);
  const semantic = rules.strategy === "semantic";
  if (semantic && onlyListens(state, words, rules)) return step({ ...state, overlap: { ...overlap, spared: true } });
  if (!semantic && !unheard && !overlap.early && !rules.isCommand?.(words)) {
    return step(onlyListens(state, words, rules) ? state : { ...state, overlap: { ...overlap, words: text } });
  }
  const cut = bargedIn(state, rules, { segment, text });
  return unheard ? step({ ...cut.state, claim: { segment, text } }, cut.effects) : cut;
}

function onTranscript(state: TurnState, words: SegmentText, rules: TurnRules): TurnStep {
  const { segment } = words;
  const known = state.speaking === segment || state.awaited.includes(segment) || state.late.includes(segment);
  if (!known) return step(state);
  const [awaited, late] = [without(state.awaited, segment), without(state.late, segment)];
  const speaking = state.speaking === segment ? undefined : state.speaking;
  const ahead = [...state.ahead, words].sort((a, b) => a.segment - b.segment);
  return tellInOrder({ ...state, awaited, late, speaking, ahead }, rules);
}

/** Takes the transcripts that wait for no earlier one. */
function tellInOrder(state: TurnState, rules: TurnRules): TurnStep {
  const [first, ...ahead] = state.ahead;
  const earlier = (segment: number): boolean => first !== undefined && segment < first.segment;
  const waits = state.awaited.some(earlier) || (state.speaking !== undefined && earlier(state.speaking));
  if (first === undefined || waits) return settled(state);
  return then(said({ ...state, ahead }, first, rules), (next) => tellInOrder(next, rules));
}

/** A segment's words become part of the turn. */
function said(state: TurnState, heard: SegmentText, rules: TurnRules): TurnStep {
  const { segment, text: given } = heard;
  const claimed = state.claim?.segment === segment ? state.claim.text : "";
  const contested = state.overlap?.segment === segment;
  const echo = given !== "" && (contested || state.resumable !== undefined) && isEcho(state, heard, rules);
  const text = echo ? "" : given || claimed;
  const overlap = contested ? undefined : state.overlap;
  const [aside, behind] = [without(state.aside, segment), without(state.behind, segment)];
  const next: TurnState = { ...state, overlap, aside, behind, claim: claimed === "" ? state.claim : undefined };
  const dismissed = (cause: DismissCause): TurnStep =>
    step(disturbed(next), contested && state.utterance !== undefined ? [{ type: "dismiss", cause }] : []);
  if (text === "") {
    if (state.resumable && echo) return step({ ...next, echoed: true });
    return dismissed(echo ? "echo" : contested && state.overlap?.short ? "short" : "no_words");
  }
  const spares = onlyListens(state, { ...heard, text }, rules);
  if (spares && state.aside.includes(segment)) return step(next);
  if (contested && state.overlap?.short && !rules.isCommand?.({ ...heard, text })) {
    const { state: left, effects } = dismissed(spares ? "backchannel" : "short");
    return step(left, [{ type: "drop-segment", segment }, ...effects]);
  }
  if (rules.strategy === "semantic" && assistantActive(state) && spares) return dismissed("backchannel");
  if (state.resumable && state.pieces.length === 0 && spares) return step({ ...next, spared: text });
  const tooLate = state.behind.includes(segment) && !rules.isCommand?.({ ...heard, text });
  if ((rules.strategy === "disabled" || tooLate) && assistantActive(state)) {
    return step({ ...next, held: [...next.held, text].slice(-rules.maxHeldPieces) });
  }
  // Words said before the answer was audible: the caller had not finished.
  const cut = assistantActive(state) ? silenced(next, "barge_in") : step(next);
  return step(disturbed({ ...cut.state, pieces: [...cut.state.pieces, text] }), cut.effects);
}

/**
 * The turn is to be judged (again) when the caller is silent: it has changed, or there was a noise, during which a judgement is not
 * listened to and the wait for more is given up. Without this the turn would never be answered.
 */
function disturbed(state: TurnState): TurnState {
  if (state.pieces.length === 0) return state;
  return { ...state, revision: state.revision + 1, unjudged: true, waiting: undefined };
}

/** When the caller is silent and nothing is outstanding: has the turn judged, or gives the floor back. */
function settled(state: TurnState): TurnStep {
  if (!callerIsQuiet(state)) return step(state);
  if (state.typed.length > 0) return typed(state);
  if (state.pieces.length === 0) {
    const next = { ...state, interrupted: false, unjudged: false };
    const { resumable, spared, echoed } = state;
    if (!resumable || assistantActive(state)) return step(next);
    const cause = spared !== "" ? "backchannel" : echoed ? "echo" : "no_words";
    return step({ ...next, ...DECIDED, answering: resumable.answering }, [{ type: "resume", words: spared, cause }]);
  }
  return state.unjudged ? judged(state, false) : step(state);
}

function judged(state: TurnState, typed: boolean): TurnStep {
  const { revision, pieces } = state;
  return step({ ...state, unjudged: false }, [{ type: "judge", revision, text: joinTexts(pieces), typed }]);
}

/** A hook blocked the turn: it was not said. */
function onBlocked(state: TurnState, revision: number): TurnStep {
  return revision === state.revision ? settled({ ...state, pieces: [], waiting: undefined }) : step(state);
}

function onDecision(state: TurnState, decision: TurnJudgement): TurnStep {
  if (decision.revision !== state.revision || state.pieces.length === 0) return step(state);
  // What the application happens to be saying does not keep a turn from being answered after it.
  if (state.answering !== undefined) return step(state);
  // Speaking again already: this turn goes on, and will be judged with what is being said. A typed turn does not wait for that.
  if (!decision.typed && (state.speaking !== undefined || state.awaited.length > 0)) return step(state);
  const { text, waitMs: ms } = decision;
  if (ms <= 0) return submitted(state, text);
  return step({ ...state, waiting: text }, [{ type: "start-timer", timer: "endpoint", ms }]);
}

function submitted(state: TurnState, text: string): TurnStep {
  const turn = state.turns + 1;
  const done = { ...DECIDED, pieces: [], waiting: undefined, interrupted: false, unjudged: false };
  return step({ ...state, ...done, turns: turn, answering: turn }, [{ type: "submit", turn, text }]);
}

function onTimer(state: TurnState, timer: TurnTimer, rules: TurnRules): TurnStep {
  if (timer === "endpoint") return onEndpoint(state);
  if (timer === "verdict") return onVerdict(state, rules);
  if (state.typed.length === 0) return step(state);
  return then(tellInOrder(unawaited(state, state.awaited), rules), (next) =>
    next.typed.length === 0 ? step(next) : typed(next),
  );
}

function onEndpoint(state: TurnState): TurnStep {
  if (state.waiting === undefined || state.speaking !== undefined) return step(state);
  return submitted(state, state.waiting);
}

/**
 * It was waited long enough for what cut the assistant off. Silence: it goes on, and words that come yet interrupt it again. Words were guessed at:
 * they count, even if the recogniser takes them back. Sound that goes on: its end is waited for.
 */
function onVerdict(state: TurnState, rules: TurnRules): TurnStep {
  const { resumable } = state;
  if (!resumable || state.pieces.length > 0) return step(state);
  if (resumable.words) return step({ ...state, resumable: undefined, claim: resumable.words });
  if (state.speaking !== undefined) return step(state);
  return tellInOrder(unawaited(state), rules);
}

/** Everything a turn caused is through. */
function onTurnDone(state: TurnState, turn: number): TurnStep {
  const { resumable } = state;
  if (resumable?.answering === turn) return step({ ...state, resumable: { ...resumable, answering: undefined } });
  return turn === state.answering ? afterAssistant({ ...state, answering: undefined }) : step(state);
}

function onUtteranceStart(state: TurnState, utterance: string, rules: TurnRules): TurnStep {
  const next = { ...state, utterance };
  const { strategy = rules.strategy } = state;
  if (state.speaking === undefined || strategy === "disabled") return step(next);
  // It was held until the caller had finished, and could not be held any longer: only words silence it again.
  return step({ ...next, overlap: { segment: state.speaking, early: true } });
}

function onUtteranceEnd(state: TurnState, utterance: string, answers: number | undefined): TurnStep {
  if (utterance !== state.utterance) return step(state);
  const answering = state.answering === answers ? undefined : state.answering;
  return afterAssistant({ ...state, utterance: undefined, strategy: undefined, answering });
}

/** The assistant has finished: what was said meanwhile, and held, is the next turn. */
function afterAssistant(state: TurnState): TurnStep {
  if (assistantActive(state) || (state.held.length === 0 && !state.resumable)) return step(state);
  return settled(withHeld(state));
}

/** What was held while the assistant had the floor is part of the turn, before anything said or typed later. */
function withHeld(state: TurnState): TurnState {
  if (state.held.length === 0) return state;
  return disturbed({ ...state, pieces: [...state.pieces, ...state.held], held: [] });
}

function onInterrupt(given: TurnState, reason: string): TurnStep {
  const state = overtaken(given);
  return assistantActive(state) ? then(silenced(state, reason), settled) : step({ ...state, resumable: undefined });
}

function onUnresumed(state: TurnState, text: string): TurnStep {
  const over = state.utterance === undefined ? { ...state, answering: undefined } : state;
  return text === "" ? step(over) : settled(disturbed({ ...over, pieces: [text, ...over.pieces] }));
}

function onText(given: TurnState, text: string): TurnStep {
  const state = overtaken(given);
  const cut = assistantActive(state) ? silenced(state, "text_input") : step({ ...state, resumable: undefined });
  const timers: TurnEffect[] = state.waiting === undefined ? [] : [{ type: "stop-timer", timer: "endpoint" }];
  const next = { ...cut.state, typed: [...cut.state.typed, text], waiting: undefined };
  const wait: TurnEffect[] = state.typed.length === 0 && !callerIsQuiet(state) ? [AWAIT_WORDS] : [];
  return then(step(next, [...cut.effects, ...timers, ...wait]), settled);
}

/** What was typed is the end of the turn, whatever words of speech are still to come: it is waited for them no longer. */
function typed(state: TurnState): TurnStep {
  const cut = assistantActive(state) ? silenced(state, "text_input") : step(state);
  const next = disturbed({ ...cut.state, pieces: [...cut.state.pieces, ...state.typed], typed: [] });
  return then(step(next, cut.effects), (all) => judged(all, true));
}
