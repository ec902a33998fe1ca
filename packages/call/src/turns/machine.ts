import { joinTexts } from "@roomkit/core";
import {
  callerIsQuiet,
  type SegmentText,
  type TurnEffect,
  type TurnInput,
  type TurnJudgement,
  type TurnRules,
  type TurnState,
  type TurnStep,
} from "./state.ts";

/**
 * Every rule about who may speak, and nothing else: a pure function from what is and what happens to what is then and what is
 * to be done. The channel feeds it and carries out its effects.
 */
export function turnStep(state: TurnState, input: TurnInput, rules: TurnRules): TurnStep {
  switch (input.type) {
    case "speech-start":
      return onSpeechStart(state, input.segment, input.elapsedMs, rules);
    case "speech-progress":
      return onSpeechProgress(state, input.segment, input.speechMs, rules);
    case "speech-end":
      return onSpeechEnd(state, input.segment, rules);
    case "partial":
      return onPartial(state, input.segment, input.text, rules);
    case "transcript":
      return onTranscript(state, input.segment, input.text, rules);
    case "decision":
      return onDecision(state, input);
    case "turn-blocked":
      return onBlocked(state, input.revision);
    case "timer":
      return onEndpoint(state);
    case "utterance-start":
      return onUtteranceStart(state, input.utterance, rules);
    case "utterance-end":
      return onUtteranceEnd(state, input.utterance, input.answers);
    case "turn-done":
      return input.turn === state.answering ? afterAssistant({ ...state, answering: undefined }) : step(state);
    case "unresumed":
      return onUnresumed(state, input.text);
    case "text":
      return onText(state, input.text);
    case "interrupt":
      return onInterrupt(state, input.reason);
  }
}

const step = (state: TurnState, effects: readonly TurnEffect[] = []): TurnStep => ({ state, effects });
const assistantActive = (state: TurnState): boolean => state.utterance !== undefined || state.answering !== undefined;

/** One step after the other. */
function then(first: TurnStep, next: (state: TurnState) => TurnStep): TurnStep {
  const second = next(first.state);
  return step(second.state, [...first.effects, ...second.effects]);
}

/**
 * The assistant loses the floor. Its turn counts as answered: what it still had to say is not said, unless it turns out that
 * nobody had anything to say (`resumable`).
 */
function silenced(state: TurnState, reason: string, resumable = false): TurnStep {
  const over = { utterance: undefined, answering: undefined, overlap: undefined, claim: undefined, spared: "" };
  return step({ ...withHeld(state), ...over, interrupted: true, resumable }, [{ type: "silence", reason }]);
}

/** The caller's speech does that. What can be taken up again is only what was audible. */
const bargedIn = (state: TurnState, rules: TurnRules): TurnStep =>
  silenced(state, "barge_in", rules.resume && state.utterance !== undefined);

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

/** Whether so much speech over the assistant's speech takes the floor. */
function interrupts(speechMs: number, { strategy, minSpeechMs, wordlessMs }: TurnRules): boolean {
  // That there are words is no proof: which they are is told by themselves.
  if (strategy === "semantic") return Number.isFinite(speechMs) && speechMs >= wordlessMs;
  return strategy === "immediate" || speechMs >= minSpeechMs;
}

function onSpeechProgress(state: TurnState, segment: number, speechMs: number, rules: TurnRules): TurnStep {
  const { overlap, utterance, speaking } = state;
  const contested = overlap?.segment === segment && !overlap.early && speaking === segment && utterance !== undefined;
  return contested && !overlap.spared && interrupts(speechMs, rules) ? bargedIn(state, rules) : step(state);
}

function onSpeechEnd(state: TurnState, segment: number, { strategy }: TurnRules): TurnStep {
  if (state.speaking !== segment) return step(state);
  const next = { ...state, speaking: undefined };
  const contested = state.overlap?.segment === segment && !state.overlap.early && state.utterance !== undefined;
  if (contested && strategy !== "semantic") {
    // Too little speech to interrupt: it was not meant as a turn.
    return then(step(disturbed({ ...next, overlap: undefined }), [{ type: "drop-segment", segment }]), settled);
  }
  return step({ ...next, awaited: [...state.awaited, segment] }, [{ type: "finish-segment", segment }]);
}

function onPartial(state: TurnState, segment: number, text: string, rules: TurnRules): TurnStep {
  if (text === "") return step(state);
  if (state.claim?.segment === segment) return step({ ...state, claim: { segment, text } });
  const unheard = state.utterance === undefined;
  const { overlap } = state;
  if (overlap?.segment !== segment || !assistantActive(state) || rules.strategy === "disabled") return step(state);
  const semantic = rules.strategy === "semantic";
  if (semantic && rules.isBackchannel(text)) return step({ ...state, overlap: { ...overlap, spared: true } });
  if (!semantic && !unheard && !overlap.early) return step(state);
  const cut = bargedIn(state, rules);
  return unheard ? step({ ...cut.state, claim: { segment, text } }, cut.effects) : cut;
}

function onTranscript(state: TurnState, segment: number, text: string, rules: TurnRules): TurnStep {
  if (!state.awaited.includes(segment) && state.speaking !== segment) return step(state);
  const awaited = state.awaited.filter((s) => s !== segment);
  const speaking = state.speaking === segment ? undefined : state.speaking;
  const ahead = [...state.ahead, { segment, text }].sort((a, b) => a.segment - b.segment);
  return tellInOrder({ ...state, awaited, speaking, ahead }, rules);
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
function said(state: TurnState, { segment, text: given }: SegmentText, rules: TurnRules): TurnStep {
  const claimed = state.claim?.segment === segment ? state.claim.text : "";
  const text = given || claimed;
  const overlap = state.overlap?.segment === segment ? undefined : state.overlap;
  const next: TurnState = { ...state, overlap, claim: claimed === "" ? state.claim : undefined };
  if (text === "") return step(disturbed(next));
  if (rules.strategy === "semantic" && assistantActive(state) && rules.isBackchannel(text))
    return step(disturbed(next));
  if (state.resumable && state.pieces.length === 0 && rules.isBackchannel(text)) return step({ ...next, spared: text });
  if (rules.strategy === "disabled" && assistantActive(state)) {
    return step({ ...next, held: [...next.held, text].slice(-rules.maxHeldPieces) });
  }
  // Words said before the answer was audible: the caller had not finished.
  const cut = assistantActive(state) ? silenced(next, "barge_in") : step(next);
  return step(disturbed({ ...cut.state, pieces: [...next.pieces, text] }), cut.effects);
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
  if (state.pieces.length === 0) {
    const next = { ...state, interrupted: false, resumable: false, spared: "", unjudged: false };
    const resume: TurnEffect = { type: "resume", words: state.spared };
    return step(next, state.resumable && !assistantActive(state) ? [resume] : []);
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
  const done = {
    pieces: [],
    waiting: undefined,
    interrupted: false,
    resumable: false,
    spared: "",
    claim: undefined,
    unjudged: false,
  };
  return step({ ...state, ...done, turns: turn, answering: turn }, [{ type: "submit", turn, text }]);
}

function onEndpoint(state: TurnState): TurnStep {
  if (state.waiting === undefined || state.speaking !== undefined) return step(state);
  return submitted(state, state.waiting);
}

function onUtteranceStart(state: TurnState, utterance: string, rules: TurnRules): TurnStep {
  const next = { ...state, utterance };
  if (state.speaking === undefined || rules.strategy === "disabled") return step(next);
  // It was held until the caller had finished, and could not be held any longer: only words silence it again.
  return step({ ...next, overlap: { segment: state.speaking, early: true } });
}

function onUtteranceEnd(state: TurnState, utterance: string, answers: number | undefined): TurnStep {
  if (utterance !== state.utterance) return step(state);
  const answering = state.answering === answers ? undefined : state.answering;
  return afterAssistant({ ...state, utterance: undefined, answering });
}

/** The assistant has finished: what was said meanwhile, and held, is the next turn. */
function afterAssistant(state: TurnState): TurnStep {
  if (assistantActive(state) || state.held.length === 0) return step(state);
  return settled(withHeld(state));
}

/** What was held while the assistant had the floor is part of the turn, before anything said or typed later. */
function withHeld(state: TurnState): TurnState {
  if (state.held.length === 0) return state;
  return disturbed({ ...state, pieces: [...state.pieces, ...state.held], held: [] });
}

function onInterrupt(state: TurnState, reason: string): TurnStep {
  return assistantActive(state) ? then(silenced(state, reason), settled) : step({ ...state, resumable: false });
}

function onUnresumed(state: TurnState, text: string): TurnStep {
  return text === "" ? step(state) : settled(disturbed({ ...state, pieces: [text, ...state.pieces] }));
}

function onText(state: TurnState, text: string): TurnStep {
  const cut = assistantActive(state) ? silenced(state, "text_input") : step({ ...state, resumable: false });
  const timers: TurnEffect[] = state.waiting === undefined ? [] : [{ type: "stop-timer", timer: "endpoint" }];
  const next = disturbed({ ...cut.state, pieces: [...cut.state.pieces, text], waiting: undefined });
  return then(step(next, [...cut.effects, ...timers]), (all) => judged(all, true));
}
