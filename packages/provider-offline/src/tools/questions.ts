import type { Parameter } from "./schema.ts";

/** How a missing argument is asked for; always the same words, so that the answer is known by them. */
export function questionFor(parameter: Parameter): string {
  const { words, choices, type } = parameter;
  if (choices && choices.length > 0 && choices.length <= 5)
    return `Which ${words}, ${list(choices.map((choice) => choice.replace(/[_-]+/g, " ")))}?`;
  if (type === "number" || type === "integer") return `How many ${/s$/.test(words) ? words : `${words}s`}?`;
  if (/\b(city|location|place|town|country|region)\b/.test(words)) return `For which ${words}?`;
  if (/\b(recipient|person|contact|customer|guest)\b/.test(words)) return `Who is the ${words}?`;
  if (type === "boolean") return `Should ${words} be on?`;
  return `What is the ${words}?`;
}

function list(values: readonly string[]): string {
  return values.length < 2 ? (values[0] ?? "") : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}
