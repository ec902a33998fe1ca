import { AbortScope, RoomKitError, type ToolCall, untilAborted, withTimeout } from "@roomkit/core";
import type { HandoffRequest } from "./handoff.ts";
import type { ToolScope } from "./scope.ts";
import type { Tool } from "./tool.ts";
import type { CheckedCall } from "./tool-set.ts";

/** What the model is told of a call. */
export interface ToolOutcome {
  readonly result: string;
  readonly isError: boolean;
  /** The call that ran, where a hook made another of it. */
  readonly ran?: ToolCall | undefined;
  /** It was called off, and is known to have done nothing: it had not begun, or it stopped when it was told to. */
  readonly undone?: true | undefined;
}

/** The call was called off before its tool was asked. */
export const NOT_BEGUN: ToolOutcome = {
  result: "The call was cancelled before it began.",
  isError: true,
  undone: true,
};
/** The call was called off, and its tool has stopped for that reason. */
export const STOPPED: ToolOutcome = {
  result: "The call was cancelled before it finished.",
  isError: true,
  undone: true,
};
/** The call was called off, and its tool has not said what became of it. A model that took it for undone would do it twice. */
export const OUTCOME_UNKNOWN: ToolOutcome = {
  result:
    "The call was interrupted and its outcome is not known: it may have been done. Do not make it again without asking.",
  isError: true,
};
/** The tool's time is up. */
const TIMED_OUT: ToolOutcome = {
  result:
    "The tool took too long. Its outcome is not known: it may have been done. Do not make the call again without asking.",
  isError: true,
};

/**
 * Runs one call: arguments checked, hooks asked, what they changed checked again, then the tool within its time. Never throws:
 * every failure is an outcome in words that give away nothing of the inside.
 *
 * `signal` calls it off: the tool is told, and what really became of the call is waited for as before, for a tool may have done
 * its work all the same. Whoever cannot wait for that stops waiting; the outcome still comes, once, in the tool's time. Orders:
 *
 * | called off          | the tool then                  | outcome              |
 * | ------------------- | ------------------------------ | -------------------- |
 * | before it was asked | is not asked                   | {@link NOT_BEGUN}    |
 * | while it runs       | gives a result                 | the result           |
 * | while it runs       | fails because it was told to   | {@link STOPPED}      |
 * | while it runs       | fails for another reason       | the failure          |
 * | while it runs       | says nothing in its time       | {@link OUTCOME_UNKNOWN} |
 * | while it runs       | `scope.lifetime` ends          | {@link OUTCOME_UNKNOWN} |
 */
export async function runTool(call: ToolCall, scope: ToolScope, signal: AbortSignal): Promise<ToolOutcome> {
  let permitted: Permitted | ToolOutcome;
  try {
    const checked = await check(call, scope, signal);
    if ("fault" in checked) return failure(`The call was not made (${checked.code}): ${checked.fault}`);
    permitted = await permit({ call, ...checked }, scope, signal);
    if ("isError" in permitted) return permitted;
    if (signal.aborted) return NOT_BEGUN;
  } catch (error) {
    return signal.aborted ? NOT_BEGUN : explain(error, call, scope);
  }
  const outcome = await execute(permitted, scope, signal);
  return permitted.call === call ? outcome : { ...outcome, ran: permitted.call };
}

/** A call that may run: with the tool it found, whatever becomes of the set of tools meanwhile. */
interface Permitted {
  readonly call: ToolCall;
  readonly tool: Tool;
  /** What the tool's schema made of the arguments. */
  readonly args: unknown;
}

/** Has the tool's schema check a call, which may take as long as the tool. */
async function check(call: ToolCall, scope: ToolScope, signal: AbortSignal): Promise<CheckedCall> {
  const { tools, toolLimits, host, lifetime } = scope;
  const checked = tools.check(call.name, call.arguments);
  if (!(checked instanceof Promise)) return checked;
  const waiting = new AbortScope().child(signal, lifetime);
  try {
    return await withTimeout(checked, tools.get(call.name)?.timeoutMs ?? toolLimits.timeoutMs, {
      clock: host.clock,
      signal: waiting.signal,
      what: `checking a call of ${call.name}`,
    });
  } catch (error) {
    if (!RoomKitError.is(error, "timeout")) throw error;
    return { code: "invalid_arguments", fault: "the arguments could not be checked in time" };
  } finally {
    waiting.release();
  }
}

/** The call as the hooks leave it, or why it may not run. */
async function permit(permitted: Permitted, scope: ToolScope, signal: AbortSignal): Promise<Permitted | ToolOutcome> {
  const { host, roomId, channelId } = scope;
  const { call } = permitted;
  if (!host.hasHooks("BEFORE_TOOL_USE", roomId)) return permitted;
  const outcome = await untilAborted(host.runHooks("BEFORE_TOOL_USE", { roomId, channelId, call }, signal), signal);
  if (!outcome.allowed) return failure(refusal(outcome.reason));
  // The id is what pairs the call with its result; a hook has no say in it.
  const changed: ToolCall = { ...outcome.payload.call, id: call.id };
  const checked = await check(changed, scope, signal);
  if (!("fault" in checked)) return { call: changed, ...checked };
  host.logger.warn(
    { roomId, channelId, tool: changed.name },
    "a BEFORE_TOOL_USE hook made a call that does not fit its tool",
  );
  return failure("The call was not allowed.");
}

/** The model may hear the reason somebody gave; what the kit says of a broken hook, or of none given, tells it nothing. */
function refusal(reason: string): string {
  const given = reason !== "" && reason !== "blocked" && reason !== "hook_failed";
  return given ? `The call was not allowed: ${reason}` : "The call was not allowed.";
}

async function execute({ call, tool, args }: Permitted, scope: ToolScope, signal: AbortSignal): Promise<ToolOutcome> {
  const { toolLimits, host, lifetime, handOff } = scope;
  const running = new AbortScope().child(signal, lifetime);
  const context = {
    signal: running.signal,
    roomId: scope.roomId,
    callId: call.id,
    session: scope.session,
    handOff: handOff && ((request: HandoffRequest) => handOff(request, running.signal)),
  };
  const outcome = Promise.resolve()
    .then(() => tool.execute(args, context))
    .then((value): ToolOutcome => ({ result: clip(asText(value, call), toolLimits.resultMaxLength), isError: false }))
    .catch((error: unknown) =>
      running.aborted && stoppedBy(running.signal, error) ? STOPPED : explain(error, call, scope),
    );
  try {
    const what = `tool ${call.name}`;
    return await withTimeout(outcome, tool.timeoutMs ?? toolLimits.timeoutMs, {
      clock: host.clock,
      signal: lifetime,
      what,
    });
  } catch (error) {
    // Its time is up, or nobody is left to be told.
    const calledOff = running.aborted;
    running.abort(error);
    if (!calledOff) explain(error, call, scope);
    return calledOff ? OUTCOME_UNKNOWN : TIMED_OUT;
  } finally {
    running.release();
  }
}

/** Whether a tool failed because it was told to stop. */
function stoppedBy(signal: AbortSignal, error: unknown): boolean {
  if (error === signal.reason || RoomKitError.is(error, "aborted")) return true;
  return typeof error === "object" && error !== null && "name" in error && error.name === "AbortError";
}

function explain(error: unknown, call: ToolCall, scope: ToolScope): ToolOutcome {
  const { host, roomId, channelId } = scope;
  const known = RoomKitError.is(error) ? error : undefined;
  const code = known?.code ?? "tool_threw";
  host.logger.warn({ roomId, channelId, tool: call.name, code }, "a tool failed");
  if (code === "tool_failed") return failure(clip(known?.message ?? "", scope.toolLimits.resultMaxLength));
  if (host.hasHooks("ON_ERROR", roomId)) {
    const told = known ?? new RoomKitError("tool_threw", `tool ${call.name} threw`, { cause: error });
    host.notifyHooks("ON_ERROR", { roomId, where: `tool:${call.name}`, error: told });
  }
  return code === "timeout" ? TIMED_OUT : failure("The tool failed.");
}

function failure(result: string): ToolOutcome {
  return { result, isError: true };
}

/** @throws RoomKitError `invalid_result`. */
function asText(value: unknown, call: ToolCall): string {
  if (typeof value === "string") return value;
  try {
    return value === undefined ? "done" : (JSON.stringify(value) ?? String(value));
  } catch (cause) {
    throw new RoomKitError("invalid_result", `what tool ${call.name} gave cannot be written as JSON`, { cause });
  }
}

/** The first `max` characters, and a word on what is missing. Never half a surrogate pair. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\uD800-\uDBFF]/.test(text[max - 1] ?? "") ? max - 1 : max;
  return `${text.slice(0, end)} [cut: ${text.length - end} more characters]`;
}
