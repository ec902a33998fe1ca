import type { Skill } from "../talk/skill.ts";
import { wordsOf } from "../words/normalize.ts";
import { readNumber, readNumbers } from "../words/read-number.ts";
import { capitalize } from "../words/reflect.ts";
import { sayNumber } from "../words/say-number.ts";

const MAX_STEPS = 30;

/** Counts aloud, up and down, at most thirty numbers. */
export const counting: Skill = {
  name: "counting",
  topic: "let me count",
  answer: ({ text, words }) => {
    const neighbour = /\bwhat (?:number )?(?:comes|is|number is) (?:right )?(after|before) (.+)$/.exec(text);
    const base = neighbour && readNumber(wordsOf(neighbour[2] ?? ""));
    if (neighbour && base) return `${capitalize(sayNumber(base.value + (neighbour[1] === "after" ? 1 : -1)))}.`;
    const at = words.findIndex((word) => word === "count" || word === "counting");
    if (at < 0 || /\b(how many|count on|count me)\b/.test(text)) return undefined;
    const rest = words.slice(at + 1);
    const down = /\b(down|backwards?|back)\b/.test(text);
    const step = readStep(text);
    // `to` before a number is no two; after it, a lone `to` or `too` was one.
    const numbers = readNumbers(
      rest.filter((word, index) => !(word === "by" || (rest[index - 1] === "by" && step > 1))),
    );
    if (numbers.length === 0 && !/\b(to|for me|down|up)\b/.test(text) && rest.length > 0) return undefined;
    const [first, second] = numbers.map(Math.round);
    const from = second !== undefined ? (first ?? 1) : down ? (first ?? 10) : Math.max(step, 1);
    const to = second !== undefined ? second : down ? 1 : (first ?? 10);
    return count(from, to, step);
  },
};

function readStep(text: string): number {
  const by = /\bby (\w+)/.exec(text)?.[1];
  if (!by) return 1;
  if (by === "two" || by === "twos") return 2;
  const number = readNumber(wordsOf(by.replace(/s$/, "")));
  return number && number.value >= 1 ? Math.round(number.value) : 1;
}

function count(from: number, to: number, step: number): string {
  const steps: string[] = [];
  const sign = to >= from ? step : -step;
  for (let value = from; sign > 0 ? value <= to : value >= to; value += sign) {
    if (steps.length === MAX_STEPS) return `${capitalize(steps.join(", "))}. That is enough counting for now.`;
    steps.push(sayNumber(value));
  }
  return `${capitalize(steps.join(", "))}.`;
}
