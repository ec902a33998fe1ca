const SMALL: Readonly<Record<string, number>> = {
  zero: 0,
  nought: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
};
const TENS: Readonly<Record<string, number>> = {
  twenty: 20,
  thirty: 30,
  forty: 40,
  fourty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
};
const SCALES: Readonly<Record<string, number>> = { thousand: 1e3, million: 1e6, billion: 1e9, trillion: 1e12 };
const FRACTIONS: Readonly<Record<string, number>> = { half: 0.5, third: 1 / 3, quarter: 0.25 };

export interface ReadNumber {
  readonly value: number;
  /** Index of the first word after it. */
  readonly next: number;
}

/**
 * Reads the number that begins at `words[at]`: digits (`12`, `3.5`), words (`two hundred and five`), both (`3 million`), `a hundred`,
 * `a dozen`, `half`, `two and a half`, `three point one four`, with `minus` or `negative` before it. Undefined where none begins.
 */
export function readNumber(words: readonly string[], at = 0): ReadNumber | undefined {
  const sign = words[at] === "minus" || words[at] === "negative" ? -1 : 1;
  const start = sign === -1 ? at + 1 : at;
  const whole = readWhole(words, start);
  if (!whole) return undefined;
  const point = readPoint(words, whole);
  const full = readAndAHalf(words, point);
  return { value: sign * full.value, next: full.next };
}

/** All numbers in the words, in order. */
export function readNumbers(words: readonly string[]): number[] {
  const found: number[] = [];
  for (let at = 0; at < words.length; ) {
    const number = readNumber(words, at);
    if (number) found.push(number.value);
    at = number?.next ?? at + 1;
  }
  return found;
}

function readWhole(words: readonly string[], at: number): ReadNumber | undefined {
  const first = words[at];
  if (first === undefined) return undefined;
  const article = first === "a" || first === "an" ? words[at + 1] : undefined;
  if (first === "dozen" || article === "dozen") return { value: 12, next: at + (article ? 2 : 1) };
  if (first === "half" || article === "half") return { value: 0.5, next: at + (article ? 2 : 1) };
  if (article === "quarter") return { value: 0.25, next: at + 2 };
  if (article === "hundred" || (article && article in SCALES)) return readGroups(words, at + 1, 1);
  if (article === "couple") return { value: 2, next: words[at + 2] === "of" ? at + 3 : at + 2 };
  return readGroups(words, at, undefined);
}

/** Groups with falling scales: `two million three hundred thousand and five`. */
function readGroups(words: readonly string[], at: number, implied: number | undefined): ReadNumber | undefined {
  let total = 0;
  let next = at;
  let ceiling = Number.POSITIVE_INFINITY;
  let group = implied === undefined ? readHundreds(words, next) : readHundreds(words, next, implied);
  if (!group) return undefined;
  for (;;) {
    const scale = SCALES[words[group.next] ?? ""];
    if (scale !== undefined && scale < ceiling) {
      total += group.value * scale;
      next = group.next + 1;
      ceiling = scale;
    } else {
      return { value: total + group.value, next: group.next };
    }
    const after = words[next] === "and" ? next + 1 : next;
    const following = readHundreds(words, after);
    if (!following || following.value >= ceiling) return { value: total, next };
    group = following;
  }
}

/** Up to 999, or a number in digits. `implied` stands for the `a` of `a hundred`. */
function readHundreds(words: readonly string[], at: number, implied?: number): ReadNumber | undefined {
  if (implied === undefined) {
    const digits = words[at];
    if (digits !== undefined && /^\d+(\.\d+)?$/.test(digits)) {
      const value = Number(digits);
      return words[at + 1] === "hundred" ? { value: value * 100, next: at + 2 } : { value, next: at + 1 };
    }
  }
  const lead = implied === undefined ? readTens(words, at) : { value: implied, next: at };
  if (!lead) return undefined;
  if (words[lead.next] !== "hundred") return lead;
  const value = lead.value * 100;
  const after = words[lead.next + 1] === "and" ? lead.next + 2 : lead.next + 1;
  const rest = readTens(words, after);
  return rest ? { value: value + rest.value, next: rest.next } : { value, next: lead.next + 1 };
}

function readTens(words: readonly string[], at: number): ReadNumber | undefined {
  const word = words[at] ?? "";
  const small = SMALL[word];
  if (small !== undefined) return { value: small, next: at + 1 };
  const tens = TENS[word];
  if (tens === undefined) return undefined;
  const unit = SMALL[words[at + 1] ?? ""];
  return unit !== undefined && unit > 0 && unit < 10
    ? { value: tens + unit, next: at + 2 }
    : { value: tens, next: at + 1 };
}

function readPoint(words: readonly string[], number: ReadNumber): ReadNumber {
  if (words[number.next] !== "point") return number;
  let digits = "";
  let next = number.next + 1;
  for (; next < words.length; next++) {
    const word = words[next] ?? "";
    const digit = word === "oh" ? 0 : (SMALL[word] ?? (/^\d+$/.test(word) ? word : undefined));
    if (digit === undefined || (Number(digit) > 9 && typeof digit === "number")) break;
    digits += String(digit);
  }
  return digits === "" ? number : { value: Number(`${number.value}.${digits}`), next };
}

function readAndAHalf(words: readonly string[], number: ReadNumber): ReadNumber {
  const [and, a, part] = words.slice(number.next, number.next + 3);
  const fraction = FRACTIONS[part ?? ""];
  if (and !== "and" || a !== "a" || fraction === undefined || !Number.isInteger(number.value)) return number;
  return { value: number.value + fraction, next: number.next + 3 };
}
