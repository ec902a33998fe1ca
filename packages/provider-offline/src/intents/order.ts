import type { Skill } from "../talk/skill.ts";
import type { Talk } from "../talk/talk.ts";
import type { Turn } from "../talk/turn.ts";
import { contract } from "../words/contract.ts";
import { acknowledge, bareFollowUp } from "./acknowledge.ts";
import { arithmetic } from "./arithmetic.ts";
import { bye } from "./bye.ts";
import { calendar } from "./calendar.ts";
import { capitals } from "./capitals.ts";
import { chance } from "./chance.ts";
import { clock } from "./clock.ts";
import { convert } from "./convert.ts";
import { counting } from "./counting.ts";
import { courtesy } from "./courtesy.ts";
import { echo } from "./echo.ts";
import { extras } from "./extras.ts";
import { curiosities, facts } from "./facts.ts";
import { greeting } from "./greeting.ts";
import { handGame } from "./hand-game.ts";
import { help } from "./help.ts";
import { identity } from "./identity.ts";
import { introduce } from "./introduce.ts";
import { joke } from "./joke.ts";
import { lineCheck } from "./line-check.ts";
import { mood } from "./mood.ts";
import { outOfReach } from "./out-of-reach.ts";
import { planets } from "./planets.ts";
import { noise, puzzled } from "./puzzled.ts";
import { recall } from "./recall.ts";
import { onceMore, repeat } from "./repeat.ts";
import { riddle, wrongGuess } from "./riddle.ts";
import { roomkit } from "./roomkit.ts";
import { answered, statement } from "./smalltalk.ts";
import { spelling } from "./spelling.ts";
import { stop } from "./stop.ts";
import { story } from "./story.ts";
import { taste } from "./taste.ts";

/** Every skill, in the order they are asked: what is certain before what is likely, what continues before what is general. */
const SKILLS: readonly Skill[] = [
  noise,
  stop,
  joke,
  riddle,
  story,
  repeat,
  // A summary asks what answered each earlier utterance; an earlier summary is none of it, so this goes one level deep.
  recall(
    (turn, talk) =>
      find(
        SKILLS.filter(({ name }) => name !== "recall"),
        turn,
        talk,
      )?.skill,
  ),
  introduce,
  bye,
  lineCheck,
  echo,
  counting,
  spelling,
  convert,
  arithmetic,
  clock,
  calendar,
  capitals,
  planets,
  facts,
  curiosities,
  extras,
  handGame,
  chance,
  mood,
  identity,
  roomkit,
  taste,
  help,
  outOfReach,
  courtesy,
  greeting,
  statement,
  wrongGuess,
  answered,
  acknowledge,
  onceMore,
  bareFollowUp,
  puzzled,
];

/** The first skill that has an answer, and the answer. */
export function findSkill(turn: Turn, talk: Talk): Found {
  return find(SKILLS, turn, talk) ?? { skill: puzzled, answer: "Sorry, I did not catch that." };
}

interface Found {
  readonly skill: Skill;
  readonly answer: string;
}

function find(skills: readonly Skill[], turn: Turn, talk: Talk): Found | undefined {
  for (const skill of skills) {
    const answer = skill.answer(turn, talk);
    if (answer) return { skill, answer: skill.verbatim ? answer : contract(answer) };
  }
  return undefined;
}
