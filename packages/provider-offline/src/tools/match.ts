import type { ToolDefinition } from "@roomkit/core";
import type { Turn } from "../talk/turn.ts";
import { normalize, wordsOf } from "../words/normalize.ts";
import { parametersOf } from "./schema.ts";
import { contentWords, nameWords, relatives, stem } from "./vocabulary.ts";

/** Verbs half of all tools begin with. */
const COMMON_VERBS = new Set(
  [
    "get",
    "set",
    "fetch",
    "check",
    "show",
    "list",
    "create",
    "add",
    "update",
    "start",
    "find",
    "look",
    "tell",
    "give",
    "make",
  ].map(stem),
);
/** From here on a tool is meant. */
const THRESHOLD = 2;
/** Someone who tells of the thing does not ask for it. */
const STATEMENT = /^(i (really )?(like|love|hate|enjoy|had|was|saw)|my |we |the .* (is|was) (nice|good|bad|great))/;

/** What is to be said after somebody is no wish of theirs, whatever it names; "please" may have been heard as something else. */
const DICTATED = /^(\S+ ){0,5}(repeats?|say) after me\b/;

/** The tool the words ask for, by its name, description, parameters and their values. */
export function matchTool(tools: readonly ToolDefinition[], turn: Turn): ToolDefinition | undefined {
  if (STATEMENT.test(turn.text) || DICTATED.test(turn.text)) return undefined;
  let best: { tool: ToolDefinition; score: number } | undefined;
  for (const tool of tools) {
    const score = scoreTool(tool, turn);
    if (score >= THRESHOLD && (!best || score > best.score)) best = { tool, score };
  }
  return best?.tool;
}

/** The tool that fits best, fitting or not. */
export function nearestTool(tools: readonly ToolDefinition[], turn: Turn): ToolDefinition | undefined {
  return [...tools].sort((a, b) => scoreTool(b, turn) - scoreTool(a, turn))[0];
}

function scoreTool(tool: ToolDefinition, turn: Turn): number {
  const said = new Set(turn.words.map(stem));
  const hears = (word: string): boolean => said.has(word);
  let score = 0;
  const named = nameWords(tool.name).map(stem);
  for (const word of named) {
    const weight = COMMON_VERBS.has(word) ? 0.4 : 2;
    const { strong, weak } = relatives(word);
    if (hears(word)) score += weight;
    else if (strong.some(hears)) score += weight;
    else score += weak.filter(hears).length * 1.2;
  }
  const described = new Set(contentWords(wordsOf(normalize(tool.description))).filter((word) => !named.includes(word)));
  const heard = [...described].filter(hears).length;
  score += Math.min(heard * 0.6, 1.8);
  for (const parameter of parametersOf(tool)) {
    if (contentWords(wordsOf(parameter.words)).some(hears)) score += 0.4;
    const choice = parameter.choices?.some((value) =>
      ` ${turn.text} `.includes(` ${normalize(value.replace(/[_-]+/g, " "))} `),
    );
    if (choice) score += 0.8;
  }
  return score;
}
