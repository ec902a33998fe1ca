const ONES =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const SCALES = ["", "thousand", "million", "billion", "trillion"];
const IRREGULAR_ORDINALS: Readonly<Record<string, string>> = {
  one: "first",
  two: "second",
  three: "third",
  five: "fifth",
  eight: "eighth",
  nine: "ninth",
  twelve: "twelfth",
};

function belowHundred(n: number): string {
  if (n < 20) return ONES[n] as string;
  const ones = n % 10;
  return TENS[Math.floor(n / 10)] + (ones === 0 ? "" : ` ${ONES[ones]}`);
}

function belowThousand(n: number): string {
  if (n < 100) return belowHundred(n);
  const rest = n % 100;
  return `${ONES[Math.floor(n / 100)]} hundred${rest === 0 ? "" : ` ${belowHundred(rest)}`}`;
}

/** Digits one by one: `0199` is "zero one nine nine". */
export function digitWords(digits: string): string {
  return [...digits].map((digit) => ONES[Number(digit)]).join(" ");
}

/** A whole number given as digits, of any length; beyond trillions, and with leading zeros, digit by digit. */
export function cardinal(digits: string): string {
  if (digits.length > 15 || (digits.length > 1 && digits.startsWith("0"))) return digitWords(digits);
  let n = Number(digits);
  if (n === 0) return "zero";
  const groups: string[] = [];
  for (let scale = 0; n > 0; scale++, n = Math.floor(n / 1000)) {
    const group = n % 1000;
    if (group > 0) groups.unshift(`${belowThousand(group)} ${SCALES[scale]}`.trim());
  }
  return groups.join(" ");
}

/** `12.05` is "twelve point zero five". */
export function decimal(whole: string, fraction: string | undefined): string {
  const spoken = cardinal(whole === "" ? "0" : whole);
  return fraction === undefined || fraction === "" ? spoken : `${spoken} point ${digitWords(fraction)}`;
}

/** `21` is "twenty first". */
export function ordinal(digits: string): string {
  const words = cardinal(digits).split(" ");
  const last = words.pop() as string;
  const irregular = IRREGULAR_ORDINALS[last];
  const ending = irregular ?? (last.endsWith("y") ? `${last.slice(0, -1)}ieth` : `${last}th`);
  return [...words, ending].join(" ");
}

/** A year as people say it: "nineteen oh five", "nineteen hundred", "two thousand eight", "twenty twenty five". */
export function year(digits: string): string {
  const n = Number(digits);
  const high = Math.floor(n / 100);
  const low = n % 100;
  if (high % 10 === 0 && low < 10) return cardinal(digits);
  if (low === 0) return `${belowHundred(high)} hundred`;
  return `${belowHundred(high)} ${low < 10 ? `oh ${ONES[low]}` : belowHundred(low)}`;
}

/** A time of day. `exact` says whether "o'clock" belongs to a full hour, i.e. no "am" or "pm" follows. */
export function clockTime(hour: number, minute: number, exact: boolean): string {
  const spokenHour = cardinal(String(hour));
  if (minute === 0)
    return exact ? (hour <= 12 && hour > 0 ? `${spokenHour} o'clock` : `${spokenHour} hundred`) : spokenHour;
  return `${spokenHour} ${minute < 10 ? `oh ${ONES[minute]}` : belowHundred(minute)}`;
}

/** `3/4` is "three quarters"; undefined for what is no everyday fraction. */
export function fraction(numerator: string, denominator: string): string | undefined {
  const d = Number(denominator);
  const n = Number(numerator);
  if (n < 1 || n >= 20 || d < 2 || d > 10) return undefined;
  const part =
    d === 2 ? (n === 1 ? "half" : "halves") : (d === 4 ? "quarter" : ordinal(denominator)) + (n === 1 ? "" : "s");
  return `${cardinal(numerator)} ${part}`;
}
