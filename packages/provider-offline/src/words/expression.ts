import { readNumber } from "./read-number.ts";
import { sayNumber } from "./say-number.ts";

/** A calculation as it was understood. */
export interface Calculation {
  readonly value: number;
  /** How it is said back: `twelve times seven`. */
  readonly spoken: string;
  /** It had an operator, not only a number. */
  readonly operators: number;
}

const IGNORED_AT_END = new Set(
  "equal equals is are to be for me now then today exactly thanks thank you hey kit right the answer make makes come".split(
    " ",
  ),
);

/** Operators of two numbers: how each may be said (longest first), how it is said back, how tightly it binds. */
const BINARY: readonly (readonly [
  words: string,
  spoken: string,
  level: 1 | 2 | 3,
  apply: (a: number, b: number) => number,
])[] = [
  ["to the power of", "to the power of", 3, (a, b) => a ** b],
  ["raised to", "to the power of", 3, (a, b) => a ** b],
  ["multiplied by", "times", 2, (a, b) => a * b],
  ["multiplied with", "times", 2, (a, b) => a * b],
  ["divided by", "divided by", 2, (a, b) => a / b],
  ["divide by", "divided by", 2, (a, b) => a / b],
  ["multiply by", "times", 2, (a, b) => a * b],
  ["times", "times", 2, (a, b) => a * b],
  ["time", "times", 2, (a, b) => a * b],
  ["x", "times", 2, (a, b) => a * b],
  ["over", "divided by", 2, (a, b) => a / b],
  ["modulo", "modulo", 2, (a, b) => a % b],
  ["mod", "modulo", 2, (a, b) => a % b],
  ["added to", "plus", 1, (a, b) => a + b],
  ["plus", "plus", 1, (a, b) => a + b],
  ["minus", "minus", 1, (a, b) => a - b],
  ["less", "minus", 1, (a, b) => a - b],
  ["take away", "minus", 1, (a, b) => a - b],
];

/** What stands before a number. */
const PREFIX: readonly (readonly [words: string, spoken: string, apply: (a: number) => number])[] = [
  ["the square root of", "the square root of", Math.sqrt],
  ["square root of", "the square root of", Math.sqrt],
  ["root of", "the square root of", Math.sqrt],
  ["the cube root of", "the cube root of", Math.cbrt],
  ["cube root of", "the cube root of", Math.cbrt],
  ["the square of", "the square of", (a) => a ** 2],
  ["square of", "the square of", (a) => a ** 2],
  ["the cube of", "the cube of", (a) => a ** 3],
  ["cube of", "the cube of", (a) => a ** 3],
  ["half of", "half of", (a) => a / 2],
  ["a third of", "a third of", (a) => a / 3],
  ["one third of", "a third of", (a) => a / 3],
  ["a quarter of", "a quarter of", (a) => a / 4],
  ["one quarter of", "a quarter of", (a) => a / 4],
  ["double", "double", (a) => a * 2],
  ["twice", "twice", (a) => a * 2],
  ["triple", "triple", (a) => a * 3],
  ["the factorial of", "the factorial of", factorial],
  ["factorial of", "the factorial of", factorial],
];

const POSTFIX: readonly (readonly [words: string, spoken: string, apply: (a: number) => number])[] = [
  ["squared", "squared", (a) => a ** 2],
  ["cubed", "cubed", (a) => a ** 3],
  ["factorial", "factorial", factorial],
];

/**
 * Understands a calculation in spoken words from `at` to the end of the words, politeness at the end aside: the usual operators
 * and their precedence, roots, powers, percentages, halves. `that` and `it` stand for `previous`.
 *
 * @returns undefined when the words are not all a calculation
 */
export function readExpression(
  words: readonly string[],
  at: number,
  previous: number | undefined,
): Calculation | undefined {
  const reader = new Reader(words, previous);
  const result = reader.binary(at, 1);
  if (!result) return undefined;
  const rest = words.slice(result.next);
  if (rest.some((word) => !IGNORED_AT_END.has(word))) return undefined;
  return { value: result.value, spoken: result.spoken, operators: reader.operators };
}

interface Read {
  readonly value: number;
  readonly spoken: string;
  readonly next: number;
}

class Reader {
  operators = 0;
  readonly #words: readonly string[];
  readonly #previous: number | undefined;

  constructor(words: readonly string[], previous: number | undefined) {
    this.#words = words;
    this.#previous = previous;
  }

  binary(at: number, level: 1 | 2 | 3): Read | undefined {
    const operand = (from: number): Read | undefined =>
      level === 3 ? this.#postfix(from) : this.binary(from, (level + 1) as 2 | 3);
    let left = operand(at);
    while (left) {
      const { next } = left;
      const operator = BINARY.find((entry) => entry[2] === level && this.#says(next, entry[0]));
      if (!operator) return left;
      const right = operand(next + length(operator[0]));
      if (!right) return undefined;
      this.operators++;
      left = {
        value: operator[3](left.value, right.value),
        spoken: `${left.spoken} ${operator[1]} ${right.spoken}`,
        next: right.next,
      };
    }
    return undefined;
  }

  #postfix(at: number): Read | undefined {
    let inner = this.#prefix(at);
    while (inner) {
      const { next, value, spoken } = inner;
      const entry = POSTFIX.find(([words]) => this.#says(next, words));
      if (entry) {
        this.operators++;
        inner = { value: entry[2](value), spoken: `${spoken} ${entry[1]}`, next: next + 1 };
      } else if (this.#says(next, "percent of") || this.#says(next, "percent off")) {
        const whole = this.#prefix(next + 2);
        if (!whole) return undefined;
        this.operators++;
        const off = this.#words[next + 1] === "off";
        const part = (value / 100) * whole.value;
        inner = {
          value: off ? whole.value - part : part,
          spoken: `${spoken} percent ${off ? "off" : "of"} ${whole.spoken}`,
          next: whole.next,
        };
      } else {
        return inner;
      }
    }
    return undefined;
  }

  #prefix(at: number): Read | undefined {
    const entry = PREFIX.find(([words]) => this.#says(at, words));
    if (entry) {
      const inner = this.#prefix(at + length(entry[0]));
      if (!inner) return undefined;
      this.operators++;
      return { value: entry[2](inner.value), spoken: `${entry[1]} ${inner.spoken}`, next: inner.next };
    }
    const word = this.#words[at];
    if ((word === "that" || word === "it" || word === "this") && this.#previous !== undefined) {
      return { value: this.#previous, spoken: sayNumber(this.#previous), next: at + 1 };
    }
    const number = readNumber(this.#words, at);
    return number && { ...number, spoken: sayNumber(number.value) };
  }

  #says(at: number, phrase: string): boolean {
    return phrase.split(" ").every((word, index) => this.#words[at + index] === word);
  }
}

function length(phrase: string): number {
  return phrase.split(" ").length;
}

function factorial(value: number): number {
  if (value < 0 || !Number.isInteger(value)) return Number.NaN;
  if (value > 170) return Number.POSITIVE_INFINITY;
  let result = 1;
  for (let factor = 2; factor <= value; factor++) result *= factor;
  return result;
}
