import { cardinal, clockTime, decimal, digitWords, fraction, ordinal, year } from "./numbers.ts";
import { MAGNITUDES, MONTHS, UNITS } from "./tables.ts";

/** A written token without the punctuation around it, and its neighbours. */
export interface Context {
  readonly previous: string;
  readonly next: string;
}

type Rule = readonly [RegExp, (match: RegExpMatchArray, context: Context) => string | undefined];

const NUMBER = "(\\d{1,3}(?:,\\d{3})+|\\d+)(?:\\.(\\d+))?";
const CURRENCIES: Readonly<Record<string, readonly [one: string, many: string, cent: string, cents: string]>> = {
  $: ["dollar", "dollars", "cent", "cents"],
  "€": ["euro", "euros", "cent", "cents"],
  "£": ["pound", "pounds", "penny", "pence"],
  "¥": ["yen", "yen", "sen", "sen"],
  "₹": ["rupee", "rupees", "paisa", "paise"],
};
const SIGNS: Readonly<Record<string, string>> = {
  "-": "minus ",
  "−": "minus ",
  "+": "plus ",
  "~": "about ",
  "≈": "about ",
};
const AMOUNT_WORDS = /^(?:thousand|million|billion|trillion|hundred)$/i;

const sign = (mark: string | undefined): string => SIGNS[mark ?? ""] ?? "";
const plain = (digits: string | undefined): string => (digits ?? "").replaceAll(",", "");
const dayMonth = (month: string, day: string): string | undefined => {
  const name = MONTHS[Number(month) - 1];
  return name === undefined || Number(day) < 1 || Number(day) > 31
    ? undefined
    : `${name} ${ordinal(String(Number(day)))}`;
};

/** An amount of money: "forty two dollars fifty cents", "five million dollars"; before "million" the currency waits for it. */
function money(
  symbol: string,
  whole: string,
  cents: string | undefined,
  scale: string | undefined,
  next: string,
): string {
  const [one, many, cent, manyCents] = CURRENCIES[symbol] as readonly [string, string, string, string];
  const magnitude = MAGNITUDES[(scale ?? "").toLowerCase()];
  if (magnitude) return `${decimal(whole, cents)} ${magnitude} ${many}`;
  if (AMOUNT_WORDS.test(next)) return decimal(whole, cents);
  const minor = cents === undefined ? 0 : Number(cents.padEnd(2, "0").slice(0, 2));
  if (cents !== undefined && cents.length > 2) return `${decimal(whole, cents)} ${many}`;
  const major = `${cardinal(whole)} ${Number(whole) === 1 ? one : many}`;
  const minorWords = `${cardinal(String(minor))} ${minor === 1 ? cent : manyCents}`;
  if (minor === 0) return major;
  return Number(whole) === 0 ? minorWords : `${major} ${minorWords}`;
}

function bareNumber(digits: string, context: Context): string {
  const n = Number(digits);
  // "(415) 555-0199": the first part of a telephone number.
  if (digits.length === 3 && /^\d{3}[-.]\d{4}$/.test(context.next)) return `${digitWords(digits)},`;
  if (digits.length === 4 && n >= 1100 && n < 2100) return year(digits);
  // Long and not round: a number that names something rather than counts.
  if (digits.length >= 7 && !digits.endsWith("000")) return digitWords(digits);
  return cardinal(digits);
}

function withUnit(unit: string, whole: string, part: string | undefined): string | undefined {
  const names = UNITS[unit] ?? UNITS[unit.toLowerCase()];
  if (names) return `${decimal(whole, part)} ${whole === "1" && part === undefined ? names[0] : names[1]}`;
  const magnitude = MAGNITUDES[unit.toLowerCase()];
  return magnitude ? `${decimal(whole, part)} ${magnitude}` : undefined;
}

const RULES: readonly Rule[] = [
  [
    /^(\d{1,2}):([0-5]\d)(?::[0-5]\d)?([ap])\.?m\.?$/i,
    (m) => `${clockTime(Number(m[1]), Number(m[2]), false)} ${(m[3] as string).toUpperCase()} M`,
  ],
  [
    /^([01]?\d|2[0-4]):([0-5]\d)(?::[0-5]\d)?$/,
    (m, { next }) => clockTime(Number(m[1]), Number(m[2]), !/^[ap]\.?m\.?$/i.test(next)),
  ],
  [/^(\d{1,2})([ap])\.?m\.?$/i, (m) => `${cardinal(m[1] as string)} ${(m[2] as string).toUpperCase()} M`],
  [
    new RegExp(`^([-+−~≈])?(?:US|CA|AU|NZ)?([$€£¥₹])([-−])?${NUMBER}(k|m|b|bn|mn|t)?$`, "i"),
    (m, { next }) => sign(m[1] ?? m[3]) + money(m[2] as string, plain(m[4]), m[5], m[6], next),
  ],
  [new RegExp(`^${NUMBER}([$€£¥₹])$`), (m, { next }) => money(m[3] as string, plain(m[1]), m[2], undefined, next)],
  [new RegExp(`^([-+−~≈])?${NUMBER}%$`), (m) => `${sign(m[1])}${decimal(plain(m[2]), m[3])} percent`],
  [/^(\d[\d,]*)(?:st|nd|rd|th)$/i, (m) => ordinal(plain(m[1]))],
  [
    /^(\d{4})-(\d{2})-(\d{2})$/,
    (m) => {
      const day = dayMonth(m[2] as string, m[3] as string);
      return day && `${day}, ${year(m[1] as string)}`;
    },
  ],
  [
    /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/,
    (m) => {
      const day = dayMonth(m[1] as string, m[2] as string);
      return day && `${day}, ${year(m[3] as string)}`;
    },
  ],
  [
    /^(\d\d)?(\d0)s$/,
    (m) => {
      const decade = `${cardinal(m[2] as string).replace(/y$/, "ie")}s`;
      if (m[2] === "00" || m[2] === "10") return m[1] === undefined ? undefined : `${year(m[1] + m[2])}s`;
      return m[1] === undefined ? decade : `${cardinal(m[1])} ${decade}`;
    },
  ],
  [
    /^(?:(\+?\d{1,3})[-.])?(?:\(?(\d{3})\)?[-.])?(\d{3})[-.](\d{4})$/,
    (m) =>
      m
        .slice(1)
        .flatMap((group) => (group ? [digitWords(group.replace("+", ""))] : []))
        .join(", "),
  ],
  [
    /^(\d{1,4})[-–](\d{1,4})$/,
    (m, context) => `${bareNumber(m[1] as string, context)} to ${bareNumber(m[2] as string, context)}`,
  ],
  [/^(\d{1,2})\/(\d{1,2})$/, (m) => fraction(m[1] as string, m[2] as string)],
  [
    /^(\d+)([½⅓⅔¼¾⅛])$/,
    (m) => {
      const [n = "", d = ""] = (m[2] as string).normalize("NFKD").split("⁄");
      const part = fraction(n, d);
      return part && `${cardinal(m[1] as string)} and ${n === "1" ? part.replace("one ", "a ") : part}`;
    },
  ],
  [/^v?(\d+(?:\.\d+){2,})$/i, (m) => (m[1] as string).split(".").map(cardinal).join(" point ")],
  [/^(\d+)[x×](\d+)$/, (m) => `${cardinal(m[1] as string)} by ${cardinal(m[2] as string)}`],
  [/^#(\d+)$/, (m) => `number ${cardinal(m[1] as string)}`],
  [
    new RegExp(`^([-+−~≈])?${NUMBER}(°?[A-Za-zµ]{1,5}|°|")$`),
    (m) => {
      const spoken = withUnit(m[4] as string, plain(m[2]), m[3]);
      return spoken && sign(m[1]) + spoken;
    },
  ],
  [
    new RegExp(`^([-+−~≈])?${NUMBER}$`),
    (m, context) => {
      const grouped = (m[2] as string).includes(",");
      if (m[1] === undefined && m[3] === undefined && !grouped) return bareNumber(m[2] as string, context);
      return sign(m[1]) + decimal(plain(m[2]), m[3]);
    },
  ],
];

/** How a token with digits in it is said; undefined when it follows none of the patterns known here. */
export function expandNumber(token: string, context: Context): string | undefined {
  for (const [pattern, say] of RULES) {
    const match = token.match(pattern);
    const spoken = match && say(match, context);
    if (spoken) return spoken;
  }
  return undefined;
}
