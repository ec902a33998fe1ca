import { STORIES } from "../content/stories.ts";
import type { Skill } from "../talk/skill.ts";
import { recogniser, type Talk } from "../talk/talk.ts";
import { normalize } from "../words/normalize.ts";

const WANTS = /\b(story|stories|fairy ?tale|a tale|bedtime)\b/;
const GO_ON = ["Shall I go on?", "Do you want to hear more?"];

interface Part {
  readonly text: string;
  readonly next: string | undefined;
  readonly nextIsLast: boolean;
}

const PARTS: readonly Part[] = STORIES.flatMap(({ parts }) =>
  parts.map((text, index) => ({ text, next: parts[index + 1], nextIsLast: index + 2 === parts.length })),
);

const partIn = recogniser(PARTS, (entry) => entry.text);

/** Tells stories in parts, so that the listener has a say. */
export const story: Skill = {
  name: "story",
  topic: ({ text }) => (WANTS.test(text) ? "asked for a story" : undefined),
  answer: ({ text, followUp }, talk) => {
    const part = partIn(talk.last);
    const goesOn =
      followUp === "yes" ||
      followUp === "more" ||
      /\b(rest|continue|go on|keep going|what happened|and then|finish)\b/.test(text);
    const unheard = part && unheardOf(part.text, talk.last);
    if (part && unheard && goesOn) return part.next ? withQuestion(unheard, talk) : unheard;
    if (part?.next && goesOn) {
      return part.nextIsLast ? part.next : withQuestion(part.next, talk);
    }
    if (part?.next && followUp === "no")
      return talk.pick(["All right, the rest keeps for another time.", "Okay. What would you like instead?"]);
    if (part && !part.next && followUp === "more") return begin(talk);
    return WANTS.test(text) && !/\b(no|not|stop)\b/.test(text) ? begin(talk) : undefined;
  },
};

/** Interrupted, an answer stands in the log as far as it was heard: from the sentence on that was cut off. */
function unheardOf(text: string, heard: string): string {
  const sentences = text.match(/[^.?!]+[.?!]+\s*/g) ?? [];
  const missed = sentences.findIndex((sentence) => !heard.includes(normalize(sentence)));
  return missed < 0 ? "" : sentences.slice(missed).join("").trim();
}

function begin(talk: Talk): string {
  return withQuestion(talk.pick(STORIES.map((entry) => entry.parts[0] ?? "")), talk);
}

function withQuestion(text: string, talk: Talk): string {
  return `${text} ${talk.pick(GO_ON)}`;
}
