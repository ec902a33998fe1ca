import type { AIMessage } from "@roomkit/core";
import type { Talk } from "../talk/talk.ts";
import { capitalize } from "../words/reflect.ts";
import { firstSentences, speakable } from "../words/speakable.ts";
import { nameWords } from "./vocabulary.ts";

/** Fields whose value is already what should be said. */
const SPOKEN = ["message", "summary", "text", "answer", "result", "description", "content", "output", "status_message"];
/** Fields nobody wants to hear. */
const SILENT = /^(id|uuid|url|uri|link|success|ok|timestamp|code|lat|lon|latitude|longitude|raw|.*_id)$/i;
const MAX_FIELDS = 4;
const MAX_ITEMS = 3;
const MAX_NUMBERS = 6;
const MAX_CHARS = 400;

type ToolMessage = AIMessage & { readonly role: "tool" };

/** Turns the results at the end of the messages into a sentence or two. */
export function sayResults(messages: readonly AIMessage[], talk: Talk): string {
  const results: ToolMessage[] = [];
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at];
    if (message?.role !== "tool") break;
    results.unshift(message);
  }
  if (results.length === 0) return "I am listening.";
  if (results.length === 1) return sayResult(results[0] as ToolMessage, talk);
  // Of several it must be clear which is which.
  return results.map((result) => join(about(result, messages), sayResult(result, talk))).join(" ");
}

function join(lead: string, sentence: string): string {
  return lead === "" || /^I\b/.test(sentence)
    ? `${lead}${sentence}`
    : `${lead}${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}

/** `For London, `, the first text among the arguments of the call. */
function about({ toolCallId }: ToolMessage, messages: readonly AIMessage[]): string {
  const calls = messages.flatMap((message) => (message.role === "assistant" ? (message.toolCalls ?? []) : []));
  const args = calls.findLast(({ id }) => id === toolCallId)?.arguments;
  const named =
    typeof args === "object" && args !== null
      ? Object.values(args).find((value) => typeof value === "string")
      : undefined;
  return named === undefined ? "" : `For ${speakable(String(named))}, `;
}

function sayResult({ content, isError, toolName }: ToolMessage, talk: Talk): string {
  if (isError)
    return talk.pick(["Sorry, that didn't work.", "I tried, but it didn't work out.", "That failed, I am sorry."]);
  const text = describe(parse(content)).slice(0, MAX_CHARS);
  const sentence = firstSentences(speakable(text), 3);
  const done = sentence === "" || /^(ok|okay|done|true|success)\.?$/i.test(sentence);
  // After a goodbye there is nothing more to say.
  if (done && /hang|goodbye|end_?call/i.test(toolName)) return "";
  if (done) return talk.pick(["Done.", "That's done.", "All right, it's done."]);
  const whole = capitalize(sentence);
  return /[.?!]$/.test(whole) ? whole : `${whole}.`;
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return `It is ${value}`;
  if (typeof value === "boolean") return value ? "done" : "No";
  if (value === null || value === undefined) return "I found nothing.";
  if (Array.isArray(value)) return describeList(value);
  return describeObject(value as Record<string, unknown>);
}

function describeList(items: readonly unknown[]): string {
  if (items.length === 0) return "I found nothing.";
  if (items.every((item) => typeof item === "number")) return `I got ${items.slice(0, MAX_NUMBERS).join(" and ")}.`;
  const shown = items.slice(0, MAX_ITEMS).map((item) => titleOf(item));
  const rest = items.length - shown.length;
  return `${shown.join(", ")}${rest > 0 ? `, and ${rest} more` : ""}.`;
}

function titleOf(item: unknown): string {
  if (typeof item !== "object" || item === null) return String(item);
  const fields = item as Record<string, unknown>;
  const title = fields.name ?? fields.title ?? Object.values(fields).find((value) => typeof value === "string");
  return typeof title === "string" ? title : describe(item).replace(/[.?!]$/, "");
}

function describeObject(fields: Record<string, unknown>): string {
  for (const name of SPOKEN) {
    const value = fields[name];
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  const spoken = Object.entries(fields)
    .filter(
      ([name, value]) =>
        !SILENT.test(name) && value !== null && value !== "" && (typeof value !== "object" || Array.isArray(value)),
    )
    .slice(0, MAX_FIELDS)
    .map(([name, value]) => sayField(name, value));
  if (spoken.length === 0) return "done";
  const last = spoken.pop();
  return `${spoken.length > 0 ? `${spoken.join(", ")}, and ${last}` : last}.`;
}

function sayField(name: string, value: unknown): string {
  const words = nameWords(name);
  const unit = UNITS[words.at(-1) ?? ""];
  if (unit && typeof value === "number" && words.length > 1)
    return `the ${words.slice(0, -1).join(" ")} is ${value} ${unit}`;
  if (typeof value === "boolean") return value ? `the ${words.join(" ")} is yes` : `the ${words.join(" ")} is no`;
  const shown = Array.isArray(value) ? value.slice(0, MAX_ITEMS).map(titleOf).join(", ") : String(value);
  return `the ${words.join(" ")} is ${shown}`;
}

const UNITS: Readonly<Record<string, string>> = {
  c: "degrees Celsius",
  celsius: "degrees Celsius",
  f: "degrees Fahrenheit",
  fahrenheit: "degrees Fahrenheit",
  percent: "percent",
  kmh: "kilometers per hour",
  mph: "miles per hour",
  km: "kilometers",
  minutes: "minutes",
  seconds: "seconds",
  hours: "hours",
  usd: "dollars",
  eur: "euros",
  ms: "milliseconds",
};
