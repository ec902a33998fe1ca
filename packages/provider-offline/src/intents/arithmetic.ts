import type { Skill } from "../talk/skill.ts";
import type { Talk } from "../talk/talk.ts";
import type { Turn } from "../talk/turn.ts";
import { type Calculation, readExpression } from "../words/expression.ts";
import { wordsOf } from "../words/normalize.ts";
import { readNumber, readNumbers } from "../words/read-number.ts";
import { capitalize } from "../words/reflect.ts";
import { sayNumber } from "../words/say-number.ts";

const OPERATORS = new Set("plus minus times time x over divided multiplied squared cubed modulo".split(" "));
/** Numbers as recognisers write them between operators. */
const HOMOPHONES: Readonly<Record<string, string>> = {
  to: "two",
  too: "two",
  for: "four",
  fore: "four",
  ate: "eight",
  won: "one",
  tree: "three",
  free: "three",
  tin: "ten",
  sex: "six",
};
const GOES_ON =
  /^(?:and |now |then |what about |okay |and now |and then )*(plus|minus|times|divided by|multiplied by|add|subtract|double|half of|squared|cubed)\b/;

/** Sums, in words and in digits. */
export const arithmetic: Skill = {
  name: "arithmetic",
  topic: "gave me a sum",
  answer: (turn, talk) => {
    const words = repair(turn.words);
    const special = average(turn, words) ?? prime(turn, words) ?? remainder(turn, words);
    if (special) return special;
    const calculation = find(rewrite(words.join(" ")), previousResult(talk));
    return calculation && tell(calculation, talk);
  },
};

/** `seven times ate` was meant as numbers: what stands next to an operator is one. */
function repair(words: readonly string[]): string[] {
  return words.map((word, index) => {
    const number = HOMOPHONES[word];
    if (!number) return word;
    const before = words[index - 1] ?? "";
    const after = words[index + 1] ?? "";
    const afterOperator =
      OPERATORS.has(before) || (before === "by" && index >= 2 && OPERATORS.has(words[index - 2] ?? ""));
    const beforeOperator = OPERATORS.has(after) && !readNumber(words, index - 1);
    return afterOperator || beforeOperator ? number : word;
  });
}

/** The orders and nouns that come before their numbers, turned into operators between them. */
function rewrite(text: string): string {
  return text
    .replace(/\b(?:add|sum)(?: up)? (.+?) (?:and|to|with) (.+)$/, "$1 plus $2")
    .replace(/\b(?:the )?sum of (.+?) and (.+)$/, "$1 plus $2")
    .replace(/\b(?:subtract|take) (.+?) (?:from|away from) (.+)$/, "$2 minus $1")
    .replace(/\b(?:the )?difference between (.+?) and (.+)$/, "$1 minus $2")
    .replace(/\bmultiply (.+?) (?:and|by|with|times) (.+)$/, "$1 times $2")
    .replace(/\b(?:the )?product of (.+?) and (.+)$/, "$1 times $2")
    .replace(/\bdivide (.+?) by (.+)$/, "$1 divided by $2")
    .replace(/\b(?:add|plus) (\S+(?: \S+)*)$/, "plus $1")
    .replace(/\bsubtract (\S+(?: \S+)*)$/, "minus $1")
    .replace(/\bdouble (?:that|it)$/, "that times 2")
    .replace(/^(?:what is|how much is|whats) (\S+(?: \S+)?) and (\S+(?: \S+)?)$/, "$1 plus $2")
    .replace(/(\d+) divided by (\d+) of /, "$1 divided by $2 times ")
    .replace(/\bto the power (?!of)/, "to the power of ");
}

function find(text: string, previous: number | undefined): Calculation | undefined {
  const words = wordsOf(text);
  if (previous !== undefined && GOES_ON.test(text)) {
    const at = words.findIndex((word) => OPERATORS.has(word));
    const goesOn = at >= 0 ? readExpression(["that", ...words.slice(at)], 0, previous) : undefined;
    if (goesOn) return goesOn;
  }
  for (let at = 0; at < words.length; at++) {
    const calculation = readExpression(words, at, previous);
    // The number alone is no sum, and `half` is one only of something.
    if (calculation && calculation.operators > 0) return calculation;
  }
  return undefined;
}

/** What the assistant said last, when that was a sum. */
function previousResult(talk: Talk): number | undefined {
  const said = /\b(?:is|makes|equals|get) ((?:minus )?\S.*)$/.exec(talk.last);
  const words = wordsOf(said?.[1] ?? "");
  const number = readNumber(words);
  return number && number.next === words.length ? number.value : undefined;
}

function tell({ value, spoken }: Calculation, talk: Talk): string {
  if (Number.isNaN(value)) return "There is no real number for that.";
  if (!Number.isFinite(value)) {
    return spoken.includes("divided by zero")
      ? "Nobody can divide by zero, and I am no exception."
      : "That is too big for me.";
  }
  const exact = Math.abs(value - Math.round(value * 1e4) / 1e4) < 1e-9 ? "" : "about ";
  const result = `${exact}${sayNumber(value)}`;
  return talk.pick([
    `${capitalize(spoken)} is ${result}.`,
    `That makes ${result}.`,
    `${capitalize(spoken)} equals ${result}.`,
  ]);
}

function average({ text }: Turn, words: readonly string[]): string | undefined {
  if (!/\b(average|mean) of\b/.test(text)) return undefined;
  const numbers = readNumbers(words.filter((word) => word !== "and"));
  if (numbers.length < 2) return undefined;
  return `The average is ${sayNumber(numbers.reduce((sum, number) => sum + number, 0) / numbers.length)}.`;
}

function prime({ text }: Turn, words: readonly string[]): string | undefined {
  if (!/\b(is|are) .*\b(prime|even|odd)\b/.test(text)) return undefined;
  const [value] = readNumbers(words);
  if (value === undefined || !Number.isInteger(value) || value < 0 || value > 1e9) return undefined;
  const said = capitalize(sayNumber(value));
  if (/\bprime\b/.test(text))
    return isPrime(value) ? `Yes, ${said.toLowerCase()} is a prime number.` : `No, ${said.toLowerCase()} is not prime.`;
  return `${said} is ${value % 2 === 0 ? "even" : "odd"}.`;
}

function isPrime(value: number): boolean {
  if (value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return true;
}

function remainder({ text }: Turn, words: readonly string[]): string | undefined {
  if (!/\bremainder\b/.test(text)) return undefined;
  const [a, b] = readNumbers(words);
  if (a === undefined || b === undefined || b === 0) return undefined;
  return `The remainder is ${sayNumber(a % b)}.`;
}
