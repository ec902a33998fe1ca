import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from "@modelcontextprotocol/client";
import { RoomKitError } from "@roomkit/core";
import { clip, OUTCOME_UNKNOWN } from "@roomkit/tools";

/** Characters of a server's complaint that a model is told. */
const MAX_ERROR_CHARS = 1_000;
/** Where the inside of a program begins to be told: frames of JavaScript, Java and Go, and of Python. */
const STACK = /^\s+at\s.*|^\s*goroutine \d+ .*|^Traceback \(most recent call last\):.*|^\s+File ".*", line \d+.*/m;
/** The last line of a Python traceback, which says what was wrong. */
const LAST_LINE = /^\w[\w.]*(?:Error|Exception|Warning)\b.*$/m;

interface Content {
  readonly type: string;
  readonly text?: unknown;
  readonly resource?: object | undefined;
}

/** A result as text for a model: what is no text is named. */
export function resultText(content: readonly Content[], structured: unknown, maxChars: number): string {
  const parts = content.map(({ type, text, resource }) => {
    const words = text ?? (resource && "text" in resource ? resource.text : undefined);
    return typeof words === "string" ? words : `[${type}, which cannot be shown]`;
  });
  if (parts.length === 0 && structured !== undefined) return clip(JSON.stringify(structured), maxChars);
  return parts.length === 0 ? "done" : clip(parts.join("\n"), maxChars);
}

/** What a failed call is told to be. */
export function failureText(content: readonly Content[], maxChars: number): string {
  return content.length === 0 ? "The tool failed." : complaint(resultText(content, undefined, maxChars));
}

/** What a server complains of, without its inside. */
function complaint(text: string): string {
  const at = text.search(STACK);
  if (at < 0) return clip(text.trim(), MAX_ERROR_CHARS);
  const before = text.slice(0, at).trim();
  const told = before === "" ? (text.slice(at).match(LAST_LINE)?.[0] ?? "") : before;
  return told === "" ? "The tool failed." : clip(told, MAX_ERROR_CHARS);
}

/** The server has gone while it worked, or nobody waited for it any more. */
export function unknownOutcome(): RoomKitError {
  return new RoomKitError("tool_failed", OUTCOME_UNKNOWN.result);
}

/** The server knows nothing of this connection any more: it was started anew, and has not made the call. */
export function isForgotten(error: unknown): boolean {
  return error instanceof SdkHttpError && error.status === 404;
}

/** The network failed, at any point of the call: whether the server has it is not known. */
export function isBroken(error: unknown): boolean {
  return error instanceof TypeError && error.cause !== undefined;
}

/** Nobody took the call. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof SdkError && error.code === SdkErrorCode.NotConnected) return true;
  const cause = error instanceof Error ? (error.cause as { readonly code?: unknown } | undefined) : undefined;
  return cause?.code === "ECONNREFUSED" || cause?.code === "ENOTFOUND";
}

/** What a call failed with, as a tool's failure: what the model is told of it is the message. */
export function callError(error: unknown): RoomKitError {
  if (RoomKitError.is(error)) return error;
  if (error instanceof ProtocolError) return failed(complaint(error.message), error);
  if (isUnreachable(error) || isForgotten(error))
    return failed("The call was not made: the tool's server cannot be reached.", error);
  if (error instanceof SdkHttpError && error.status !== undefined && error.status < 500)
    return failed(`The tool's server refused the call (HTTP ${error.status}).`, error);
  if (error instanceof SdkError && error.code === SdkErrorCode.InvalidResult)
    return failed("The tool's server gave an answer that is none. The call may have been done.", error);
  return unknownOutcome();
}

function failed(message: string, cause: unknown): RoomKitError {
  return new RoomKitError("tool_failed", message, { cause });
}
