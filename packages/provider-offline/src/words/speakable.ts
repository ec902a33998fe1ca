import { sayNumber } from "./say-number.ts";
import { sayDate, sayTime } from "./say-time.ts";

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/```[^`]*```/g, " "],
  [/!?\[([^\]]*)\]\([^)]*\)/g, "$1"],
  [/https?:\/\/\S+|www\.\S+/g, " a link "],
  [/^\s*(?:#+|>|[-*•]|\d+\.)\s+/gm, ""],
  [/[*_`~#|]/g, " "],
  [/°\s*C\b/g, " degrees Celsius"],
  [/°\s*F\b/g, " degrees Fahrenheit"],
  [/°/g, " degrees"],
  [/\bkm\/h\b/g, " kilometers per hour"],
  [/\bmph\b/g, " miles per hour"],
  [/%/g, " percent"],
  [/&/g, " and "],
  [/\$\s?(\d[\d,.]*\d|\d)/g, "$1 dollars"],
  [/€\s?(\d[\d,.]*\d|\d)/g, "$1 euros"],
  [/£\s?(\d[\d,.]*\d|\d)/g, "$1 pounds"],
  [/\s*[\u2013\u2014]\s*/g, ", "],
  [/[\u2018\u2019]/g, "'"],
  [/[\u201c\u201d"]/g, ""],
  [/\be\.g\./gi, "for example"],
  [/\bi\.e\./gi, "that is"],
  [/[{}[\]<>\\^=+@]/g, " "],
  [/[;()]/g, ","],
  [/(?<=\p{L})\/(?=\p{L})/gu, " or "],
];

/** Any text as a voice can read it: no markdown, no symbols, numbers, times and dates in words. */
export function speakable(text: string): string {
  let result = text.normalize("NFKC");
  for (const [pattern, replacement] of REPLACEMENTS) result = result.replace(pattern, replacement);
  result = result
    .replace(/\b(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?/g, sayIsoDate)
    .replace(/\b([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?\b/g, (_all, hour: string, minute: string) =>
      sayTime({ hour: Number(hour), minute: Number(minute) }),
    )
    .replace(/(\d),(?=\d{3}\b)/g, "$1")
    .replace(/(^|[\s,(])-(?=\d)/g, "$1minus ")
    .replace(/\d+(?:\.\d+)?/g, (digits, at: number, all: string) =>
      spaced(sayDigits(digits), all[at - 1], all[at + digits.length]),
    )
    .replace(/[^\p{L}\p{M}\s.,?!':-]/gu, " ");
  return result
    .replace(/\s*\n+\s*/g, ". ")
    .replace(/\s+/g, " ")
    .replace(/\s+([.,?!:])/g, "$1")
    .replace(/,+(?=[.,?!])/g, "")
    .replace(/([.?!])(?:\s*\.)+/g, "$1")
    .trim();
}

/** At most so many sentences. */
export function firstSentences(text: string, count: number): string {
  return (text.match(/[^.?!]+[.?!]*\s*/g) ?? []).slice(0, count).join("").trim();
}

function sayIsoDate(all: string, year: string, month: string, day: string, hour?: string, minute?: string): string {
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return all;
  const date = sayDate({ year: Number(year), month: Number(month), day: Number(day) });
  return hour === undefined ? date : `${date}, at ${sayTime({ hour: Number(hour), minute: Number(minute) })}`;
}

/** Long runs of digits, and those that begin with a zero, are names, not amounts: phone and order numbers. */
function sayDigits(digits: string): string {
  if (/^(0\d+|\d{7,})$/.test(digits)) return [...digits].map((digit) => sayNumber(Number(digit))).join(" ");
  return sayNumber(Number(digits));
}

function spaced(words: string, before: string | undefined, after: string | undefined): string {
  return `${/\p{L}/u.test(before ?? "") ? " " : ""}${words}${/\p{L}/u.test(after ?? "") ? " " : ""}`;
}
