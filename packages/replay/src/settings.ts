import type { Mask } from "./masked.ts";

/** Options whose strings are a choice of few, and say nothing of anybody. */
const CHOICES: ReadonlySet<string> = new Set(["strategy", "turnDetection", "dtmfMode", "language"]);

/** The options a file keeps: numbers and switches, choices, and the greeting as words are kept; no other string, function or object. */
export function settingsIn(options: Readonly<Record<string, unknown>>, mask: Mask): Readonly<Record<string, unknown>> {
  const kept = Object.entries(options).map(([name, value]): [string, unknown] => {
    if (typeof value === "number" || typeof value === "boolean") return [name, value];
    if (typeof value === "string")
      return [name, name === "greeting" ? mask(value) : CHOICES.has(name) ? value : undefined];
    const plain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    const inner = plain ? settingsIn(value as Readonly<Record<string, unknown>>, mask) : {};
    return [name, Object.keys(inner).length > 0 ? inner : undefined];
  });
  return Object.fromEntries(kept.filter(([, value]) => value !== undefined));
}
