/** Commands of TeX that are said as something else than their name. */
const COMMANDS: Readonly<Record<string, string>> = {
  times: "times",
  cdot: "times",
  div: "divided by",
  pm: "plus or minus",
  le: "≤",
  leq: "≤",
  ge: "≥",
  geq: "≥",
  ne: "≠",
  neq: "≠",
  approx: "≈",
  infty: "infinity",
  to: "to",
  rightarrow: "to",
  left: "",
  right: "",
  quad: "",
  text: "",
  mathrm: "",
  mathbf: "",
  operatorname: "",
};

/** The inside of a formula as words, as far as that is simple; braces and backslashes are never said. */
export function sayFormula(formula: string): string {
  return formula
    .replace(/\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, "$1 over $2")
    .replace(/\\sqrt\s*\{([^{}]*)\}/g, "the square root of $1")
    .replace(/\\([A-Za-z]+)\*?/g, (_, name: string) => ` ${COMMANDS[name] ?? name} `)
    .replace(/\\(.)/g, (_, mark: string) => (/[,;:! \\]/.test(mark) ? " " : mark))
    .replace(/[{}$&]/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** How far a formula reaches at most, in characters. */
export const MAX_FORMULA = 300;
/** After a dollar sign and a number: the text is a formula if one of these follows. */
const MONEY = /^\d(?:[\d.,]*\d)?(?!\d*[a-z]?\s?[+=^_\\{*<>]|[\d.,]*[a-z]?\$(?!\d))/i;

/**
 * The length of the formula that begins with the dollar sign at `at`; 0 when it is money or a plain sign, -1 when the text so far
 * does not tell. "$5 and $6" is money: a closing sign has no space before it and no digit after it.
 */
export function formulaAt(text: string, at: number, final: boolean): number {
  const mark = text.startsWith("$$", at) ? "$$" : "$";
  const from = at + mark.length;
  const window = text.slice(from, from + MAX_FORMULA);
  if (mark === "$") {
    if (from + window.length >= text.length && /^[\d.,]*[a-z]?\s?$/i.test(window)) return final ? 0 : -1;
    if (/^[\s$]/.test(window) || MONEY.test(window)) return 0;
  }
  for (let i = 0; i < window.length; i++) {
    const char = window[i];
    if (char === "\\") i++;
    else if (char === "\n" && (mark === "$" || /^\n\s*\n/.test(window.slice(i)))) return 0;
    else if (window.startsWith(mark, i)) {
      const after = window[i + mark.length];
      if (after === undefined && from + i + mark.length >= text.length && !final) return -1;
      const closes = mark === "$$" || (!/\s/.test(window[i - 1] ?? " ") && !/\d/.test(after ?? ""));
      if (closes) return i === 0 ? 0 : from + i + mark.length - at;
      return 0;
    }
  }
  return window.length < MAX_FORMULA && !final ? -1 : 0;
}
