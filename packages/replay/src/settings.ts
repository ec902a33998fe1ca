import type { Mask } from "./masked.ts";

/** Options whose strings are a choice of few, and say nothing of anybody. */
const CHOICES: ReadonlySet<string> = new Set(["strategy", "turnDetection", "dtmfMode", "language", "mode"]);

/** What the assistant says by itself: kept as words are. */
const SAID: ReadonlySet<string> = new Set(["greeting", "toolFiller", "say", "prompt"]);

/** The options a file keeps: numbers and switches, choices, and what is said by itself; no other string, function or object. */
export function settingsIn(options: Readonly<Record<string, unknown>>, mask: Mask): Readonly<Record<string, unknown>> {
  const kept = Object.entries(options).map(([name, value]): [string, unknown] => {
    if (typeof value === "number" || typeof value === "boolean") return [name, value];
    if (typeof value === "string") return [name, SAID.has(name) ? mask(value) : CHOICES.has(name) ? value : undefined];
    if (SAID.has(name) && Array.isArray(value)) return [name, value.map((text) => mask(String(text)))];
    const plain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    const inner = plain ? settingsIn(value as Readonly<Record<string, unknown>>, mask) : {};
    return [name, Object.keys(inner).length > 0 ? inner : undefined];
  });
  return Object.fromEntries(kept.filter(([, value]) => value !== undefined));
}
