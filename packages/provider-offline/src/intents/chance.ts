import type { Skill } from "../talk/skill.ts";
import type { Talk } from "../talk/talk.ts";
import type { Turn } from "../talk/turn.ts";
import { readNumbers } from "../words/read-number.ts";
import { capitalize } from "../words/reflect.ts";
import { sayNumber } from "../words/say-number.ts";

const COIN = /\b(flip|toss|throw)\b.*\b(coin|penny|quarter)\b|\bheads or tails\b|\bcoin (flip|toss)\b/;
const DICE = /\b(roll|throw|toss|cast)\b.*\b(die|dice|d ?\d+)\b|\b(dice|die) roll\b|^roll( it)?$/;
const NUMBER =
  /\b(random number|(pick|choose|think of|give me|say|guess) (a|any|some) (random )?number|number between)\b/;
const CHOICE =
  /\b(?:choose|pick|decide|select|should i (?:have|eat|take|get|wear|buy|drink|go to|watch)?|which is better|do you prefer)(?: between| from| one)? (.+?) (?:or|and) (.+)$/;
const ORACLE = /^(should i|will i|am i going to|do you think i|is it a good idea)\b/;

/** Coins, dice, random numbers, and decisions nobody wants to make. */
export const chance: Skill = {
  name: "chance",
  topic: ({ text }) =>
    COIN.test(text) ? "had me flip a coin" : DICE.test(text) ? "had me roll a die" : "let me choose",
  answer: (turn, talk) => {
    const again = turn.followUp === "more";
    if (COIN.test(turn.text) || (again && /\b(heads|tails)\b/.test(talk.last))) return coin(talk);
    if (DICE.test(turn.text) || (again && /\byou rolled\b/.test(talk.last))) return dice(turn, talk);
    if (NUMBER.test(turn.text) || (again && /\bmy number is\b/.test(talk.last))) return number(turn, talk);
    const choice = CHOICE.exec(turn.text);
    if (choice) return choose([choice[1] ?? "", choice[2] ?? ""], talk);
    if (ORACLE.test(turn.text))
      return talk.pick(["My coin says yes.", "I would sleep on it.", "My coin says no.", "Why not. But I only guess."]);
    return undefined;
  },
};

function below(talk: Talk, count: number): number {
  return Math.floor(talk.world.random() * count);
}

function coin(talk: Talk): string {
  const side = below(talk, 2) === 0 ? "heads" : "tails";
  return talk.pick([`It is ${side}.`, `It landed on ${side}.`, `${capitalize(side)} it is.`]);
}

function dice({ text, words }: Turn, talk: Talk): string {
  const numbers = readNumbers(words);
  const sided = /\b(\S+(?: \S+)?) sided\b/.exec(text);
  const sides = sided
    ? (readNumbers((sided[1] ?? "").split(" ")).at(-1) ?? 6)
    : Number(/\bd ?(\d+)\b/.exec(text)?.[1] ?? 6);
  const wanted = sided
    ? 1
    : /\b(a die|a dice|one die|one dice)\b/.test(text)
      ? 1
      : (numbers[0] ?? (/\bdice\b/.test(text) && !/\bthe dice\b/.test(text) ? 2 : 1));
  const count = Math.min(6, Math.max(1, Math.round(wanted)));
  const rolls = Array.from({ length: count }, () => below(talk, Math.min(1_000, Math.max(2, Math.round(sides)))) + 1);
  const spoken = rolls.map((roll) => sayNumber(roll));
  if (count === 1) return `You rolled ${spoken[0]}.`;
  const sum = rolls.reduce((total, roll) => total + roll, 0);
  return `You rolled ${spoken.slice(0, -1).join(", ")} and ${spoken.at(-1)}. Together that is ${sayNumber(sum)}.`;
}

function number({ words }: Turn, talk: Talk): string {
  const numbers = readNumbers(words).map(Math.round);
  const [a, b] =
    numbers.length >= 2
      ? [numbers[0] ?? 1, numbers[1] ?? 10]
      : [1, numbers[0] !== undefined && numbers[0] > 1 ? numbers[0] : 10];
  const low = Math.min(a, b);
  return `My number is ${sayNumber(low + below(talk, Math.abs(a - b) + 1))}.`;
}

function choose(options: readonly string[], talk: Talk): string | undefined {
  const chosen = (options[below(talk, options.length)] ?? "")
    .replace(/^(the|a|an) /, "")
    .replace(/ (today|tonight|now|for me)$/, "");
  if (chosen === "" || chosen.split(" ").length > 6) return undefined;
  return talk.pick([
    `I would take ${chosen}.`,
    `${capitalize(chosen)}, without a doubt.`,
    `Let us say ${chosen}.`,
    `My choice is ${chosen}.`,
  ]);
}
