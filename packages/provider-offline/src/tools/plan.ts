import type { AIMessage, AIRequest, ToolCall, ToolDefinition } from "@roomkit/core";
import { bye } from "../intents/bye.ts";
import { beginning, type Talk } from "../talk/talk.ts";
import type { Turn } from "../talk/turn.ts";
import { normalize } from "../words/normalize.ts";
import { extractArguments, readAnswer } from "./arguments.ts";
import { matchTool, nearestTool } from "./match.ts";
import { questionFor } from "./questions.ts";
import { type Parameter, parametersOf } from "./schema.ts";

const LEADS = ["One moment.", "Let me see.", "I'll do that now.", "Just a second."];
/** Begins something new, and answers no question. */
const NEW_WISH = /^(what|who|where|when|why|how|tell|give|can you|could you|are you|do you)\b/;
const LEAVES = /^(no |okay )?(stop|cancel|never ?mind|forget it|forget about it|nothing)\b/;
/** Two places joined by `and` are two calls. */
const MAX_CALLS = 4;

/** What to do about tools: call some, or ask for what a call lacks. */
export type ToolUse =
  | { readonly kind: "call"; readonly lead: string; readonly calls: readonly ToolCall[]; readonly question?: undefined }
  | { readonly kind: "ask"; readonly question: string };

/** Whether the utterance asks for a tool of the request; undefined: answer it in words. */
export function planToolUse(request: AIRequest, turn: Turn, talk: Talk): ToolUse | undefined {
  const tools = request.tools ?? [];
  const { toolChoice = "auto" } = request;
  if (tools.length === 0 || toolChoice === "none" || LEAVES.test(turn.text)) return undefined;
  const use = answerQuestion(tools, turn, talk) ?? goOn(request, tools, turn) ?? begin(matchTool(tools, turn), turn);
  if (use) return finish(use, request, turn, talk);
  if (toolChoice !== "required") return undefined;
  const nearest = nearestTool(tools, turn);
  return (
    nearest &&
    finish(
      { tool: nearest, args: [extractArguments(parametersOf(nearest), turn)], complete: true },
      request,
      turn,
      talk,
    )
  );
}

interface Wanted {
  readonly tool: ToolDefinition;
  /** One call each. */
  readonly args: readonly Record<string, unknown>[];
  /** Call even if something is missing. */
  readonly complete?: boolean | undefined;
}

function begin(tool: ToolDefinition | undefined, turn: Turn): Wanted | undefined {
  if (!tool) return undefined;
  const parameters = parametersOf(tool);
  return { tool, args: split(parameters, extractArguments(parameters, turn)) };
}

/** `in Paris and London` for one place: once for each. */
function split(parameters: readonly Parameter[], args: Record<string, unknown>): Record<string, unknown>[] {
  const place = parameters.find(
    ({ type, words, choices }) => type === "string" && !choices && /\b(city|location|place|town|country)\b/.test(words),
  );
  const value = place && args[place.name];
  if (!place || typeof value !== "string" || !/ and /i.test(value)) return [args];
  return value
    .split(/,? and |, /i)
    .slice(0, MAX_CALLS)
    .map((part) => ({ ...args, [place.name]: part.trim() }));
}

/** The assistant asked for an argument: the utterance is that argument, the rest was said before. */
function answerQuestion(tools: readonly ToolDefinition[], turn: Turn, talk: Talk): Wanted | undefined {
  const asked = questionIn(tools, talk.last);
  if (!asked || NEW_WISH.test(turn.text)) return undefined;
  const free = asked.parameter.type === "string" && !asked.parameter.choices;
  if (free && turn.words.length >= 3 && matchTool(tools, turn)) return undefined;
  const value = readAnswer(asked.parameter, turn);
  // Not an answer, but perhaps another wish.
  if (value === undefined) return undefined;
  const args: Record<string, unknown> = { [asked.parameter.name]: value };
  const { said } = talk;
  let at = said.length - 1;
  for (; at >= 1; at -= 2) {
    const question = said[at];
    const before = said[at - 1];
    if (question?.role !== "assistant" || before?.role !== "user") break;
    const earlier = questionIn(tools, question.words);
    if (earlier?.tool !== asked.tool) break;
    const next =
      said[at - 2]?.role === "assistant" ? questionIn(tools, (said[at - 2] as { words: string }).words) : undefined;
    const more =
      next?.tool === asked.tool
        ? { [next.parameter.name]: readAnswer(next.parameter, before.turn) }
        : extractArguments(parametersOf(asked.tool), before.turn);
    for (const [name, found] of Object.entries(more)) if (found !== undefined && !(name in args)) args[name] = found;
  }
  return { tool: asked.tool, args: [args] };
}

function questionIn(
  tools: readonly ToolDefinition[],
  words: string,
): { tool: ToolDefinition; parameter: Parameter } | undefined {
  for (const tool of tools) {
    for (const parameter of parametersOf(tool)) {
      if (words !== "" && normalize(questionFor(parameter)) === words) return { tool, parameter };
    }
  }
  return undefined;
}

/** `And in London?`: the last call again with another argument. */
function goOn(request: AIRequest, tools: readonly ToolDefinition[], turn: Turn): Wanted | undefined {
  if (turn.followUp !== "and" || turn.words.length > 8) return undefined;
  const last = request.messages.findLast(
    (message): message is AIMessage & { role: "assistant" } =>
      message.role === "assistant" && (message.toolCalls?.length ?? 0) > 0,
  );
  const call = last?.toolCalls?.at(-1);
  const tool = tools.find(({ name }) => name === call?.name);
  if (!tool || !call) return undefined;
  // Only directly after what it brought.
  const since = request.messages
    .slice(request.messages.lastIndexOf(last as AIMessage))
    .filter((message) => message.role === "user");
  if (since.length > 1) return undefined;
  const found = extractArguments(parametersOf(tool), turn);
  if (Object.keys(found).length === 0) return undefined;
  return { tool, args: [{ ...(call.arguments as Record<string, unknown>), ...found }] };
}

/** What is said while the tool runs: nobody likes silence. */
function leadFor(turn: Turn, talk: Talk): string {
  return bye.answer(turn, talk) ?? talk.pick(LEADS.filter((lead) => !talk.last.includes(beginning(lead))));
}

function finish({ tool, args, complete = false }: Wanted, request: AIRequest, turn: Turn, talk: Talk): ToolUse {
  const missing = parametersOf(tool).find(
    ({ name, required, hasDefault }) => required && !hasDefault && args.some((one) => !(name in one)),
  );
  if (missing && !complete) return { kind: "ask", question: questionFor(missing) };
  // Unlike in any other request of this conversation: each has more messages than the one before.
  const calls = args.map((one, index) => ({
    id: `call_${request.messages.length}_${index + 1}`,
    name: tool.name,
    arguments: one,
  }));
  return { kind: "call", lead: leadFor(turn, talk), calls };
}
