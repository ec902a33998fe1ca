import type { MessageLimits } from "../limits.ts";
import { Malformed } from "./result.ts";

/** A parsed JSON object, not to be trusted in any field. */
export type Fields = Readonly<Record<string, unknown>>;

/** Parses a message that must be one JSON object, after looking at its size and depth. */
export function parseObject(text: string, limits: Pick<MessageLimits, "maxMessageBytes" | "maxDepth">): Fields {
  if (text.length > limits.maxMessageBytes) {
    throw new Malformed("message_too_large", `a message holds at most ${limits.maxMessageBytes} bytes`);
  }
  // Before parsing: 60 KB of brackets cost JSON.parse 10 ms, and later whoever walks the result its stack.
  if (nestsDeeperThan(text, limits.maxDepth)) {
    throw new Malformed("bad_message", `a message nests at most ${limits.maxDepth} levels deep`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Malformed("bad_message", "a message is JSON");
  }
  return asObject(value, "a message");
}

/** Narrows to an object that is not an array. */
export function asObject(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Malformed("bad_message", `${what} is a JSON object`);
}

/** Counts brackets outside strings; what is not JSON at all is left for the parser to refuse. */
function nestsDeeperThan(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      i = endOfString(text, i + 1);
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    }
  }
  return false;
}

/** Index of the quote that ends the string whose content begins at `from`, or the end of the text. Skips with indexOf: payloads are long. */
function endOfString(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c && quote - 1 - backslashes >= from) backslashes++;
    if (backslashes % 2 === 0) return quote;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
}

/** Deep copy of parsed JSON without keys named `__proto__`, so that a careless merge in the application pollutes nothing. */
export function copyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyJson);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key !== "__proto__") copy[key] = copyJson(item);
  }
  return copy;
}
