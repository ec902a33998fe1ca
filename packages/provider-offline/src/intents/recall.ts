import { userName } from "../talk/name.ts";
import type { Skill } from "../talk/skill.ts";
import type { Talk } from "../talk/talk.ts";
import type { Turn } from "../talk/turn.ts";
import { capitalize, reflect } from "../words/reflect.ts";
import { firstSentences, speakable } from "../words/speakable.ts";

const LAST =
  /\b(what did i (just )?(say|ask|tell you)|what was my (last )?(question|sentence)|what were my (last )?words)\b/;
const FIRST =
  /\b(what|which)\b.*\bfirst (thing|question)\b.*\b(i|my)\b|\bwhat did i (say|ask)( you)? first\b|\bmy first (question|sentence|words)\b/;
const SUMMARY =
  /\b(summar(y|ize|ise)|recap|what (have|did) (we|i) (talk|discuss|cover|say|said|tell|told|talked|discussed|speak|spoken)( you)?( about)?( so far| today)|what (have|did) we (been )?(talk|talked|talking|discuss|discussed|do|done)( about)?|sum up|what do you (know|remember) about me|what have i (told|asked|said)( you)?|our conversation( so far)?|what was this (call|conversation) about)\b/;
const LIKES =
  /\b(what|do you (know|remember) what) (do|did) i (say i )?(like|love|enjoy)\b|\bwhat i (like|love|enjoy)$/;
const MAX_TOPICS = 4;

/** Finds the skill that answered an utterance. */
export type FindSkill = (turn: Turn, talk: Talk) => Skill | undefined;

/** Remembers what the person said in this conversation. */
export function recall(findSkill: FindSkill): Skill {
  return {
    name: "recall",
    answer: ({ text }, talk) => {
      const turns = talk.userTurns.filter((turn) => turn.text !== "");
      if (FIRST.test(text)) return quote(turns[0], "The first thing you said was");
      if (LIKES.test(text)) return likes(turns);
      if (SUMMARY.test(text)) return summary(talk, findSkill);
      if (LAST.test(text)) return quote(turns.at(-1), "You said");
      return undefined;
    },
  };
}

function quote(turn: Turn | undefined, before: string): string {
  if (!turn) return "You have only just asked me that.";
  return `${before}, ${firstSentences(speakable(turn.raw), 1).replace(/[.?!]+$/, "")}.`;
}

function likes(turns: readonly Turn[]): string {
  const named = turns.flatMap(
    ({ text }) =>
      /\bi (?:really |also )?(?:like|love|enjoy) (?!to know|you|it|that|this|a joke|another)(.+)$/.exec(text)?.[1] ??
      [],
  );
  if (named.length === 0) return "You have not told me yet. What do you like?";
  return `You said you like ${reflect(named.slice(-2).join(", and "))}.`;
}

function summary(talk: Talk, findSkill: FindSkill): string {
  const topics = new Set<string>();
  for (const [index, turn] of talk.userTurns.entries()) {
    if (SUMMARY.test(turn.text)) continue;
    const skill = findSkill(turn, talk.before(index));
    const topic = typeof skill?.topic === "function" ? skill.topic(turn) : skill?.topic;
    if (topic) topics.add(topic);
  }
  const name = userName(talk);
  const told = [...topics]
    .map((topic) => (topic === "told me your name" && name ? `told me your name is ${name}` : topic))
    .slice(-MAX_TOPICS);
  if (told.length === 0) return "So far we have only said hello. Ask me something.";
  const last = told.pop();
  return capitalize(told.length > 0 ? `you ${told.join(", ")}, and ${last}.` : `you ${last}.`);
}
