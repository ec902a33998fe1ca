const SMALL = [
  "zero",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
  "thirteen",
  "fourteen",
  "fifteen",
  "sixteen",
  "seventeen",
  "eighteen",
  "nineteen",
];
const TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: readonly (readonly [number, string])[] = [
  [1e12, "trillion"],
  [1e9, "billion"],
  [1e6, "million"],
  [1e3, "thousand"],
];
const ORDINALS: Readonly<Record<string, string>> = {
  one: "first",
  two: "second",
  three: "third",
  five: "fifth",
  eight: "eighth",
  nine: "ninth",
  twelve: "twelfth",
};

/**
 * A number as it is spoken, in words: any voice reads words right. Rounded to four decimals; from a quadrillion up, to two
 * digits and a power of ten.
 */
export function sayNumber(value: number): string {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "infinity" : "minus infinity";
  const rounded = Math.round(Math.abs(value) * 1e4) / 1e4;
  const sign = value < 0 && rounded > 0 ? "minus " : "";
  if (rounded >= 1e15) {
    const power = Math.floor(Math.log10(rounded));
    return `${sign}about ${sayNumber(Math.round((rounded / 10 ** power) * 10) / 10)} times ten to the power of ${sayNumber(power)}`;
  }
  const [whole = "0", decimals] = rounded
    .toFixed(4)
    .replace(/\.?0+$/, "")
    .split(".");
  const digits = decimals ? ` point ${[...decimals].map((digit) => SMALL[Number(digit)]).join(" ")}` : "";
  return `${sign}${sayWhole(Number(whole))}${digits}`;
}

/** `twenty second`; for whole numbers from 1. */
export function sayOrdinal(value: number): string {
  const words = sayNumber(value).split(" ");
  const last = words.pop() ?? "";
  const ordinal = ORDINALS[last] ?? (last.endsWith("y") ? `${last.slice(0, -1)}ieth` : `${last}th`);
  return [...words, ordinal].join(" ");
}

/** `nineteen sixty nine`, `two thousand five`, `twenty twenty six`. */
export function sayYear(year: number): string {
  const century = Math.floor(year / 100);
  const rest = year % 100;
  if (year < 1000 || year > 9999 || (century % 10 === 0 && rest < 10)) return sayNumber(year);
  const second = rest === 0 ? "hundred" : rest < 10 ? `oh ${sayNumber(rest)}` : sayNumber(rest);
  return `${sayNumber(century)} ${second}`;
}

/** A count and its noun: `one moon`, `two moons`. */
export function sayCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${sayNumber(count)} ${count === 1 ? noun : plural}`;
}

function sayWhole(value: number): string {
  const parts: string[] = [];
  let rest = value;
  for (const [size, name] of SCALES) {
    if (rest >= size) parts.push(`${sayHundreds(Math.floor(rest / size))} ${name}`);
    rest %= size;
  }
  if (rest > 0 || parts.length === 0)
    parts.push(parts.length > 0 && rest < 100 ? `and ${sayHundreds(rest)}` : sayHundreds(rest));
  return parts.join(" ");
}

function sayHundreds(value: number): string {
  if (value < 20) return SMALL[value] ?? "";
  if (value < 100) return [TENS[Math.floor(value / 10)], value % 10 ? SMALL[value % 10] : ""].filter(Boolean).join(" ");
  const rest = value % 100;
  return `${SMALL[Math.floor(value / 100)]} hundred${rest ? ` and ${sayHundreds(rest)}` : ""}`;
}
