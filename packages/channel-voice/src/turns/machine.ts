import type { TurnEffect, TurnInput, TurnJudgement, TurnRules, TurnState, TurnStep } from "./state.ts";

/**
 * Every rule about who may speak, and nothing else: a pure function from what is and what happens to what is then and what is
 * to be done. The channel feeds it and carries out its effects.
 */
export function turnStep(state: TurnState, input: TurnInput, rules: TurnRules): TurnStep {
  switch (input.type) {
    case "speech-start":
      return onSpeechStart(state, input.segment, input.elapsedMs, rules);
    case "speech-end":
      return onSpeechEnd(state, input.segment);
    case "partial":
      return onPartial(state, input.segment, input.text, rules);
    case "transcript":
      return onTranscript(state, input.segment, input.text, rules);
    case "decision":
      return onDecision(state, input, rules);
    case "turn-blocked":
      return input.revision === state.revision ? step({ ...state, pieces: [], waiting: undefined }) : step(state);
    case "timer":
      return input.timer === "confirm" ? onConfirm(state) : onEndpoint(state);
    case "utterance-start":
      return onUtteranceStart(state, input.utterance, rules);
    case "utterance-end":
      return onUtteranceEnd(state, input.utterance, input.answers);
    case "turn-done":
      return input.turn === state.answering ? afterAssistant({ ...state, answering: undefined }) : step(state);
    case "text":
      return onText(state, input.text);
    case "interrupt":
      return assistantActive(state) ? silenced(state, input.reason) : step(state);
  }
}

const step = (state: TurnState, effects: readonly TurnEffect[] = []): TurnStep => ({ state, effects });
const assistantActive = (state: TurnState): boolean => state.utterance !== undefined || state.answering !== undefined;

/** The assistant loses the floor. Its turn counts as answered: what it still had to say is not said. */
function silenced(state: TurnState, reason: string, effects: readonly TurnEffect[] = []): TurnStep {
  const next = { ...state, utterance: undefined, answering: undefined, overlap: undefined, interrupted: true };
  const timers: TurnEffect[] = state.overlap === undefined ? [] : [{ type: "stop-timer", timer: "confirm" }];
  return step(next, [{ type: "silence", reason }, ...timers, ...effects]);
}

function onSpeechStart(state: TurnState, segment: number, elapsedMs: number, rules: TurnRules): TurnStep {
  const effects: TurnEffect[] = state.waiting === undefined ? [] : [{ type: "stop-timer", timer: "endpoint" }];
  const next: TurnState = { ...state, speaking: segment, waiting: undefined };
  if (!assistantActive(state) || rules.strategy === "disabled") return step(next, effects);
  if (state.utterance === undefined) {
    // Thinking, nothing audible yet: only words cancel the answer. Noise here must not leave the caller without one.
    return step({ ...next, overlap: { segment, early: true } }, effects);
  }
  return contest(next, { segment, early: false }, elapsedMs, rules, effects);
}

/** Speech over the assistant's speech: interrupts now, or once it has lasted. */
function contest(
  state: TurnState,
  overlap: { readonly segment: number; readonly early: boolean },
  elapsedMs: number,
  rules: TurnRules,
  before: readonly TurnEffect[],
): TurnStep {
  const remaining = rules.strategy === "immediate" ? 0 : rules.minSpeechMs - elapsedMs;
  if (remaining <= 0) return silenced(state, "barge_in", before);
  return step({ ...state, overlap }, [...before, { type: "start-timer", timer: "confirm", ms: remaining }]);
}

function onSpeechEnd(state: TurnState, segment: number): TurnStep {
  if (state.speaking !== segment) return step(state);
  const next = { ...state, speaking: undefined };
  const contested = state.overlap?.segment === segment && state.utterance !== undefined;
  const timers: TurnEffect[] = contested ? [{ type: "stop-timer", timer: "confirm" }] : [];
  if (contested && state.overlap?.early === false) {
    // Ended before it had lasted long enough to interrupt: it was not meant as a turn.
    return step({ ...next, overlap: undefined }, [...timers, { type: "drop-segment", segment }]);
  }
  return step({ ...next, awaited: [...state.awaited, segment] }, [...timers, { type: "finish-segment", segment }]);
}

function onPartial(state: TurnState, segment: number, text: string, rules: TurnRules): TurnStep {
  const thinking = state.answering !== undefined && state.utterance === undefined;
  if (!thinking || state.overlap?.segment !== segment || text === "" || rules.strategy === "disabled")
    return step(state);
  return silenced(state, "barge_in");
}

function onTranscript(state: TurnState, segment: number, text: string, rules: TurnRules): TurnStep {
  const known = state.awaited.includes(segment) || state.speaking === segment;
  if (!known) return step(state);
  const awaited = state.awaited.filter((s) => s !== segment);
  const speaking = state.speaking === segment ? undefined : state.speaking;
  const overlap = state.overlap?.segment === segment ? undefined : state.overlap;
  const next: TurnState = { ...state, awaited, speaking, overlap };
  if (text === "") return judgeIfQuiet(next, false);
  if (!assistantActive(state))
    return judgeIfQuiet({ ...next, pieces: [...state.pieces, text], revision: state.revision + 1 }, true);
  if (rules.strategy === "disabled") {
    return step({ ...next, held: [...state.held, text].slice(-rules.maxHeldPieces) });
  }
  // Words said before the answer was audible: the caller had not finished.
  const cut = silenced({ ...next, pieces: [...state.pieces, text], revision: state.revision + 1 }, "barge_in");
  const judged = judgeIfQuiet(cut.state, true);
  return step(judged.state, [...cut.effects, ...judged.effects]);
}

/** Has the turn judged when the caller is silent and nothing is outstanding. */
function judgeIfQuiet(state: TurnState, changed: boolean): TurnStep {
  const quiet = state.speaking === undefined && state.awaited.length === 0;
  if (!quiet) return step(state);
  if (state.pieces.length === 0) return step({ ...state, interrupted: false });
  // Unchanged pieces: noise interrupted the wait for more, and the turn must be judged again or it is never answered.
  const next = changed ? state : { ...state, revision: state.revision + 1 };
  return step(next, [{ type: "judge", revision: next.revision, text: next.pieces.join(" "), typed: false }]);
}

function onDecision(state: TurnState, decision: TurnJudgement, rules: TurnRules): TurnStep {
  if (decision.revision !== state.revision || state.pieces.length === 0 || assistantActive(state)) return step(state);
  // Speaking again already: this turn goes on, and will be judged with what is being said. A typed turn does not wait for that.
  if (!decision.typed && (state.speaking !== undefined || state.awaited.length > 0)) return step(state);
  if (decision.complete) return submitted(state, decision.text);
  const ms = Math.min(decision.waitMs, rules.maxEndpointWaitMs);
  return step({ ...state, waiting: decision.text }, [{ type: "start-timer", timer: "endpoint", ms }]);
}

function submitted(state: TurnState, text: string): TurnStep {
  const turn = state.turns + 1;
  const next = { ...state, pieces: [], waiting: undefined, interrupted: false, turns: turn, answering: turn };
  return step(next, [{ type: "submit", turn, text }]);
}

function onConfirm(state: TurnState): TurnStep {
  const stillTalking = state.overlap !== undefined && state.overlap.segment === state.speaking;
  return stillTalking && assistantActive(state) ? silenced(state, "barge_in") : step({ ...state, overlap: undefined });
}

function onEndpoint(state: TurnState): TurnStep {
  if (state.waiting === undefined || state.speaking !== undefined) return step(state);
  return submitted(state, state.waiting);
}

function onUtteranceStart(state: TurnState, utterance: string, rules: TurnRules): TurnStep {
  const next = { ...state, utterance };
  if (state.speaking === undefined || rules.strategy === "disabled") return step(next);
  // The caller was already talking when the answer became audible: the usual contest, from here.
  return contest(next, { segment: state.speaking, early: true }, 0, rules, []);
}

function onUtteranceEnd(state: TurnState, utterance: string, answers: number | undefined): TurnStep {
  if (utterance !== state.utterance) return step(state);
  const answering = state.answering === answers ? undefined : state.answering;
  return afterAssistant({ ...state, utterance: undefined, answering });
}

/** The assistant has finished: what was said meanwhile, and held, is the next turn. */
function afterAssistant(state: TurnState): TurnStep {
  if (assistantActive(state) || state.held.length === 0) return step(state);
  const next = { ...state, pieces: [...state.pieces, ...state.held], held: [], revision: state.revision + 1 };
  return judgeIfQuiet(next, true);
}

function onText(state: TurnState, text: string): TurnStep {
  const cut = assistantActive(state) ? silenced(state, "text_input") : step(state);
  const timers: TurnEffect[] = state.waiting === undefined ? [] : [{ type: "stop-timer", timer: "endpoint" }];
  const revision = state.revision + 1;
  const pieces = [...state.pieces, text];
  return step({ ...cut.state, pieces, revision, waiting: undefined }, [
    ...cut.effects,
    ...timers,
    { type: "judge", revision, text: pieces.join(" "), typed: true },
  ]);
}
