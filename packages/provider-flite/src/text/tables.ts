/** What units are called, one and many, when a number stands before them. */
export const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  mm: ["millimeter", "millimeters"],
  cm: ["centimeter", "centimeters"],
  m: ["meter", "meters"],
  km: ["kilometer", "kilometers"],
  "km/h": ["kilometer per hour", "kilometers per hour"],
  kmh: ["kilometer per hour", "kilometers per hour"],
  mph: ["mile per hour", "miles per hour"],
  ft: ["foot", "feet"],
  mi: ["mile", "miles"],
  yd: ["yard", "yards"],
  mg: ["milligram", "milligrams"],
  g: ["gram", "grams"],
  kg: ["kilogram", "kilograms"],
  lb: ["pound", "pounds"],
  lbs: ["pound", "pounds"],
  oz: ["ounce", "ounces"],
  ml: ["milliliter", "milliliters"],
  l: ["liter", "liters"],
  kb: ["kilobyte", "kilobytes"],
  mb: ["megabyte", "megabytes"],
  gb: ["gigabyte", "gigabytes"],
  tb: ["terabyte", "terabytes"],
  hz: ["hertz", "hertz"],
  khz: ["kilohertz", "kilohertz"],
  mhz: ["megahertz", "megahertz"],
  ghz: ["gigahertz", "gigahertz"],
  kw: ["kilowatt", "kilowatts"],
  kwh: ["kilowatt hour", "kilowatt hours"],
  ms: ["millisecond", "milliseconds"],
  s: ["second", "seconds"],
  sec: ["second", "seconds"],
  min: ["minute", "minutes"],
  mins: ["minute", "minutes"],
  h: ["hour", "hours"],
  hr: ["hour", "hours"],
  hrs: ["hour", "hours"],
  "°": ["degree", "degrees"],
  "°c": ["degree Celsius", "degrees Celsius"],
  "°f": ["degree Fahrenheit", "degrees Fahrenheit"],
};

/** Units that are one also when a space stands between them and the number: those that are no words themselves. */
export const SPACED_UNITS: ReadonlySet<string> = new Set(
  "mm cm km km/h kmh mph mi ft kg mg lb lbs oz ml kb mb gb tb hz khz mhz ghz kw kwh hr hrs ° °c °f".split(" "),
);

/** Letters after an amount. */
export const MAGNITUDES: Readonly<Record<string, string>> = {
  k: "thousand",
  m: "million",
  mn: "million",
  b: "billion",
  bn: "billion",
  t: "trillion",
};

export const MONTHS: readonly string[] =
  "January February March April May June July August September October November December".split(" ");

/** Abbreviations that end with a full stop, in lower case and without it. */
export const DOTTED: Readonly<Record<string, string>> = {
  mr: "mister",
  mrs: "missus",
  ms: "miz",
  prof: "professor",
  jr: "junior",
  sr: "senior",
  etc: "et cetera",
  vs: "versus",
  inc: "incorporated",
  ltd: "limited",
  corp: "corporation",
  dept: "department",
  approx: "approximately",
  est: "established",
  fig: "figure",
  ave: "avenue",
  blvd: "boulevard",
  jan: "January",
  feb: "February",
  apr: "April",
  aug: "August",
  sept: "September",
  sep: "September",
  oct: "October",
  nov: "November",
  dec: "December",
  "e.g": "for example",
  "i.e": "that is",
};

/** Written without a full stop. */
export const WORDS: Readonly<Record<string, string>> = {
  vs: "versus",
  "w/": "with",
  "w/o": "without",
  hmm: "hum",
  hm: "hum",
  mm: "um",
  mmm: "um",
  mhm: "um hum",
  shh: "shush",
  wifi: "wi fi",
  "c#": "C sharp",
};

/** Capitals that are said letter by letter although they could be read as a word. Those without a vowel need no entry. */
export const SPELLED: ReadonlySet<string> = new Set(
  "AI API APIs URL URLs UI US USA UK EU UN ID IDs IQ IP ISO IOS ETA FAQ FAQs CEO CIO CFO LA UX USB AC AM ATM AWS EV EVs IPO SUV UFO USD EUR VIP OS AAA OTP SEO EIN IRA IRS IVR".split(
    " ",
  ),
);

/** Marks that are said. */
export const SYMBOLS: Readonly<Record<string, string>> = {
  "&": "and",
  "+": "plus",
  "=": "equals",
  "@": "at",
  "%": "percent",
  "#": "hash",
  "×": "times",
  "÷": "divided by",
  "→": "to",
  "°": "degrees",
  "§": "section",
  "<": "less than",
  ">": "greater than",
  "≈": "about",
  $: "dollars",
  "€": "euros",
  "£": "pounds",
};
