import { RIDDLES, type Riddle } from "../content/riddles.ts";
import type { Skill } from "../talk/skill.ts";
import { beginning, recogniser, type Talk } from "../talk/talk.ts";
import type { Turn } from "../talk/turn.ts";
import { soundsLike } from "../words/fuzzy.ts";

const WANTS = /\b(riddles?|brain ?teasers?|puzzles?|quiz me|ask me something|test me)\b/;
const WRONG = [
  "Not quite. Try again, or ask for a hint.",
  "No, that is not it. Another guess?",
  "Good idea, but no. Do you want a hint?",
];
const askedIn = recogniser(RIDDLES, (entry) => entry.question);
const goesOnIn = recogniser([...WRONG, ...RIDDLES.map((entry) => entry.hint)], (wording) => wording);
/** How far back a question may lie: in between there were hints and wrong guesses. */
const MAX_GUESSES = 8;

/** Asks riddles and judges the answers. */
export const riddle: Skill = {
  name: "riddle",
  topic: ({ text }) => (WANTS.test(text) ? "asked for a riddle" : undefined),
  answer: (turn, talk) => {
    const open = openRiddle(talk);
    if (open) return judge(turn, open, talk);
    if (WANTS.test(turn.text)) return ask(talk);
    const solved = /\b(riddle)$/.test(talk.last) || /\b(want|like|hear|try|another)\b.*\briddle\b/.test(talk.last);
    if (solved && (turn.followUp === "yes" || turn.followUp === "more")) return ask(talk);
    if (solved && turn.followUp === "no")
      return talk.pick(["All right, no more riddles.", "Okay. What shall we do instead?"]);
    return undefined;
  },
};

/** What a short answer is that nobody else wanted, while a riddle is open: a wrong guess. */
export const wrongGuess: Skill = {
  name: "wrong-guess",
  answer: ({ words }, talk) =>
    openRiddle(talk) && words.length > 0 && words.length <= 6 ? talk.pick(WRONG) : undefined,
};

function openRiddle(talk: Talk): Riddle | undefined {
  for (const { words } of talk.answers.slice(0, MAX_GUESSES)) {
    const asked = askedIn(words);
    if (asked) return asked;
    if (!goesOnIn(words)) return undefined;
  }
  return undefined;
}

function judge({ text, words, followUp }: Turn, open: Riddle, talk: Talk): string | undefined {
  if (open.answers.some((answer) => words.some((word) => soundsLike(word, answer)))) {
    return talk.pick([
      `Yes, ${open.reveal}! Would you like another riddle?`,
      `That is right, ${open.reveal}! Shall we try another riddle?`,
    ]);
  }
  const hinted = talk.last.includes(beginning(open.hint));
  if (followUp === "hint" || (followUp === "yes" && /\bhint$/.test(talk.last))) {
    return hinted ? `I have only that one. Say, I give up, and I will tell you.` : open.hint;
  }
  if (
    followUp === "give-up" ||
    followUp === "no" ||
    followUp === "why" ||
    /\b(give up|the answer|tell me|solution)\b/.test(text)
  ) {
    return talk.pick([
      `It is ${open.reveal}. Would you like another riddle?`,
      `The answer is ${open.reveal}. Shall we try another riddle?`,
    ]);
  }
  if (WANTS.test(text) || followUp === "more") return ask(talk);
  return undefined;
}

function ask(talk: Talk): string {
  return talk.pick(RIDDLES.map((entry) => entry.question));
}
