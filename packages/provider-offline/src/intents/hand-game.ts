import type { Skill } from "../talk/skill.ts";

const WANTS = /\brock paper scissors?\b/;
const ASK = "Ready? Say rock, paper or scissors.";
const HANDS = ["rock", "paper", "scissors"] as const;
const WINS: Readonly<Record<string, string>> = { rock: "scissors", scissors: "paper", paper: "rock" };
const VERBS: Readonly<Record<string, string>> = {
  rock: "Rock breaks scissors",
  scissors: "Scissors cut paper",
  paper: "Paper covers rock",
};

/** Rock, paper, scissors. */
export const handGame: Skill = {
  name: "hand-game",
  topic: ({ text }) => (WANTS.test(text) ? "played rock, paper, scissors with me" : undefined),
  answer: ({ text, words, followUp }, talk) => {
    if (WANTS.test(text)) return ASK;
    if (/\bplay again$/.test(talk.last)) {
      if (followUp === "yes" || followUp === "more") return ASK;
      if (followUp === "no") return talk.pick(["All right, good game.", "Okay, that was fun."]);
    }
    if (!/\b(say rock paper or scissors|play again)$/.test(talk.last)) return undefined;
    const theirs = HANDS.find((hand) => words.some((word) => word === hand || `${word}s` === hand));
    if (!theirs) return undefined;
    const mine = HANDS[Math.floor(talk.world.random() * HANDS.length)] ?? "rock";
    if (mine === theirs) return `I have ${mine} too, a draw. Do you want to play again?`;
    const winner = WINS[mine] === theirs ? mine : theirs;
    return `I have ${mine}. ${VERBS[winner]}, ${winner === mine ? "I win" : "you win"}. Do you want to play again?`;
  },
};
