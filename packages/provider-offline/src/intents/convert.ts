import { UNITS, type Unit } from "../content/units.ts";
import type { Skill } from "../talk/skill.ts";
import { wordsOf } from "../words/normalize.ts";
import { readNumber } from "../words/read-number.ts";
import { capitalize } from "../words/reflect.ts";
import { sayNumber } from "../words/say-number.ts";

interface Named {
  readonly unit: Unit;
  readonly at: number;
  readonly next: number;
}

const PHRASES: readonly (readonly [words: readonly string[], unit: Unit])[] = UNITS.flatMap((unit) =>
  [unit.one, unit.many, ...(unit.also ?? [])].map((name) => [wordsOf(name.toLowerCase()), unit] as const),
).sort((a, b) => b[0].length - a[0].length);

const ASKS = /\b(convert|how many|how much is|what is|what are|whats|in|to|into|equals?)\b/;

/** Converts lengths, weights, volumes, times, speeds, areas, data and temperatures. */
export const convert: Skill = {
  name: "convert",
  topic: "had me convert units",
  answer: ({ text, words }) => {
    if (!ASKS.test(text)) return undefined;
    const units = findUnits(words);
    const [first, second] = units;
    if (!first || !second || first.unit.kind !== second.unit.kind) return undefined;
    // `how many feet in two miles`: what is wanted comes first.
    const wantedFirst = /\bhow (many|much)\b/.test(text) && words.indexOf("many") + 1 === first.at;
    const [from, to] = wantedFirst ? [second, first] : [first, second];
    if (
      !wantedFirst &&
      !["in", "to", "into", "as", "is", "equals"].some((word) => words.slice(first.next, second.at).includes(word))
    )
      return undefined;
    const amount =
      amountBefore(words, from.at) ??
      (wantedFirst || /\b(a|an|one)$/.test(words.slice(0, from.at).join(" ")) ? 1 : undefined);
    return amount === undefined ? undefined : tell(amount, from.unit, to.unit);
  },
};

function findUnits(words: readonly string[]): Named[] {
  const found: Named[] = [];
  for (let at = 0; at < words.length; ) {
    const match = PHRASES.find(
      ([phrase]) => phrase.every((word, index) => words[at + index] === word) && plausible(phrase, words, at),
    );
    if (match) found.push({ unit: match[1], at, next: at + match[0].length });
    at += match?.[0].length ?? 1;
  }
  return found;
}

/** A lone letter is a unit only after a number, or after `in` and `to`. */
function plausible(phrase: readonly string[], words: readonly string[], at: number): boolean {
  if (phrase.length > 1 || (phrase[0]?.length ?? 0) > 1) return true;
  const before = words[at - 1] ?? "";
  return before === "in" || before === "to" || before === "degrees" || readNumber([before]) !== undefined;
}

/** The number that ends right before the unit. */
function amountBefore(words: readonly string[], end: number): number | undefined {
  const stop = words[end - 1] === "degrees" || words[end - 1] === "degree" ? end - 1 : end;
  for (let at = Math.max(0, stop - 10); at < stop; at++) {
    const number = readNumber(words, at);
    if (number?.next === stop) return number.value;
  }
  return undefined;
}

function tell(amount: number, from: Unit, to: Unit): string {
  const exact = from.kind === "temperature" ? temperature(amount, from, to) : (amount * from.factor) / to.factor;
  const digits = Math.abs(exact) >= 100 || from.kind === "temperature" ? 1 : Math.abs(exact) >= 1 ? 2 : 4;
  const rounded = Math.round(exact * 10 ** digits) / 10 ** digits;
  const about = Math.abs(rounded - exact) > 1e-9 ? "about " : "";
  return `${capitalize(say(amount, from))} is ${about}${say(rounded, to)}.`;
}

function temperature(amount: number, from: Unit, to: Unit): number {
  if (from === to) return amount;
  return from.one.endsWith("Celsius") ? (amount * 9) / 5 + 32 : ((amount - 32) * 5) / 9;
}

function say(amount: number, unit: Unit): string {
  return `${sayNumber(amount)} ${amount === 1 ? unit.one : unit.many}`;
}
