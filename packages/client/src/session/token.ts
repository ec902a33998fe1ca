import { VoiceClientError } from "../errors.ts";
import type { TokenSource } from "../options.ts";

/**
 * The token for one attempt to connect. Whatever goes wrong in a function that gives tokens may pass: it asks a server that
 * may be away just when the call's own is.
 *
 * @throws VoiceClientError `token_failed`, retryable; or the function's own, when it threw one.
 */
export async function askToken(source: TokenSource | undefined, signal: AbortSignal): Promise<string | undefined> {
  if (typeof source !== "function") return source;
  let given: unknown;
  try {
    given = await source({ signal });
  } catch (cause) {
    if (cause instanceof VoiceClientError) throw cause;
    throw failed("the token function failed", cause);
  }
  const token = typeof given === "string" ? given.trim() : "";
  // The page of an error, where a token should be, is not sent on either.
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw failed("the token function gave no token: text without spaces");
}

function failed(message: string, cause?: unknown): VoiceClientError {
  return new VoiceClientError("token_failed", message, { retryable: true, cause });
}
