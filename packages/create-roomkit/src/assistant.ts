import type { Choices } from "./choices.ts";
import { chosenParts } from "./parts.ts";

// The templates are whole programs that work with what is on this machine. A vendor's part takes the place of a line of theirs.

const VOICE_LINE = "    // Model, recogniser and voice are on this machine: ai, stt, tts take others.";
const REALTIME_LINE = "  const provider = await localSpeech();";
const WIDTH = 80;

/** The program of the assistant: the template with the chosen vendors' parts in it. */
export function assistantOf(template: string, choices: Choices): string {
  const parts = chosenParts(choices);
  if (parts.size === 0) return template;
  const imports = [...parts.values()].flatMap((part) => part.imports);
  const lines =
    choices.how === "voice"
      ? [...parts].map(([option, { key, code }]) => withKey(key, code, option))
      : [...parts.values()].map(
          ({ key, code }) => `  const provider =\n    withKey("${key}", () => ${code}) ??\n    (await localSpeech());`,
        );
  const replaced = replaceLine(template, choices.how === "voice" ? VOICE_LINE : REALTIME_LINE, lines.join("\n"));
  return addImports(replaced, [...imports, 'import { withKey } from "./with-key.ts";']);
}

/** A part as an option of `voice`, as a formatter would have it. */
function withKey(key: string, code: string, option: string): string {
  const line = `    ${option}: withKey("${key}", () => ${code}),`;
  if (line.length <= WIDTH) return line;
  return `    ${option}: withKey("${key}", () =>\n      ${code},\n    ),`;
}

function replaceLine(text: string, line: string, by: string): string {
  if (!text.includes(`${line}\n`)) throw new Error(`The template has no line "${line.trim()}".`);
  return text.replace(line, () => by);
}

/** Adds imports to those at the top, in the order that formatters keep: Node's own, packages, files. */
function addImports(text: string, more: readonly string[]): string {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("import "));
  const imports = [...lines.slice(0, end), ...more].sort((a, b) => compare(sortKey(a), sortKey(b)));
  return [...imports, ...lines.slice(end)].join("\n");
}

function sortKey(line: string): string {
  const name = line.split('"')[1] ?? "";
  const group = name.startsWith("node:") ? 0 : name.startsWith(".") ? 2 : 1;
  return `${group}${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
