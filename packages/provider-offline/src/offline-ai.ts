import { type AIPart, type AIProvider, type AIRequest, abortedError, assertOptions } from "@roomkit/core";
import { findSkill } from "./intents/order.ts";
import { type OfflineAIOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { textDeltas } from "./stream/deltas.ts";
import { readTalk, type World } from "./talk/talk.ts";
import { planToolUse } from "./tools/plan.ts";
import { sayResults } from "./tools/result.ts";

/**
 * An assistant made of rules: no key, no network, no model. It holds a friendly spoken conversation for a few minutes and calls
 * tools whose names and descriptions fit what was said. It keeps nothing between calls: all it knows of a conversation stands
 * in the request. `system`, `temperature` and `providerOptions` mean nothing to rules.
 *
 * @throws RoomKitError `invalid_option`.
 */
export function offlineAI(options: OfflineAIOptions = {}): AIProvider {
  assertOptions("offlineAI", options, {
    string: ["name", "timeZone"],
    number: ["wordsPerSecond"],
    function: ["random"],
    object: ["clock"],
  });
  const resolved = resolveOptions(options);
  return {
    name: "offline",
    capabilities: { tools: true },
    generate: (request, { signal }) => generate(request, signal, resolved),
  };
}

async function* generate(request: AIRequest, signal: AbortSignal, options: ResolvedOptions): AsyncGenerator<AIPart> {
  if (signal.aborted) throw abortedError(signal);
  const { name, clock, timeZone, random, wordsPerSecond } = options;
  const world: World = { persona: name, now: clock.wallTime(), timeZone, random };
  const { talk, current } = readTalk(request.messages, world);
  const say = (text: string): AsyncGenerator<AIPart, "stop" | "length"> =>
    textDeltas(text, request.maxOutputTokens ?? Number.POSITIVE_INFINITY, { signal, clock, wordsPerSecond });

  if (!current) {
    yield { type: "finish", reason: yield* say(sayResults(request.messages, talk)) };
    return;
  }
  const use = planToolUse(request, current, talk);
  if (use?.kind === "call") {
    yield* say(use.lead);
    for (const call of use.calls) yield { type: "tool-call", ...call };
    yield { type: "finish", reason: "tool-calls" };
    return;
  }
  yield { type: "finish", reason: yield* say(use?.question ?? findSkill(current, talk).answer) };
}
