import { abortedError, RoomKitError } from "@roomkit/core";
import { ProviderError } from "./provider-error.ts";

export interface ErrorContext {
  readonly provider: string;
  /** The signal of the operation: when it aborted, the failure is its abort and nothing else. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One of our errors for whatever a socket, fetch or a parser threw: an abort of `signal` becomes core's `aborted`, lost and
 * refused connections `network`, JSON that does not parse `protocol`; errors of ours stay as they are. What is left is
 * `protocol` too: a library that fails in a way nobody foresaw met something it did not understand.
 *
 * SDK errors with a status are for the vendor's package to map, with {@link httpError}.
 */
export function toProviderError(error: unknown, { provider, signal }: ErrorContext): RoomKitError {
  if (signal?.aborted) return abortedError(signal);
  if (RoomKitError.is(error)) return error;
  const codes = systemCodes(error);
  const name = error instanceof Error ? error.name : "";
  if (codes.some((code) => TIMEOUT_CODES.has(code)) || name === "TimeoutError") {
    return new ProviderError("timeout", `${provider} did not answer in time`, { provider, cause: error });
  }
  if (codes.some((code) => NETWORK_CODE.test(code)) || LOST.test(messageOf(error))) {
    return new ProviderError("network", `the connection to ${provider} failed or was lost (${codes[0] ?? "closed"})`, {
      provider,
      cause: error,
    });
  }
  if (name === "AbortError") {
    return new ProviderError("network", `the connection to ${provider} was closed before the answer was complete`, {
      provider,
      cause: error,
    });
  }
  if (error instanceof SyntaxError) {
    return new ProviderError("protocol", `${provider} sent what is not JSON`, { provider, cause: error });
  }
  return new ProviderError("protocol", `${provider}: ${messageOf(error).slice(0, 200)}`, { provider, cause: error });
}

const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  "ETIMEDOUT",
  "ESOCKETTIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);
/** System, TLS and undici codes of connections that failed. */
const NETWORK_CODE =
  /^(E(CONN|HOST|NET|PIPE|AI_|ADDR|PROTO|ALREADY|NOTFOUND)|UND_ERR_|ERR_(SSL|TLS|STREAM_PREMATURE|SOCKET)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HPE_)/;
/** What fetch says when the body breaks off, and when nothing could be reached. */
const LOST = /^(terminated|fetch failed|socket hang up|other side closed|premature close)$/i;

/** The system's codes along the chain of causes, nearest first. */
function systemCodes(error: unknown): string[] {
  const codes: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 5 && typeof current === "object" && current !== null; depth++) {
    const { code, cause } = current as { code?: unknown; cause?: unknown };
    if (typeof code === "string") codes.push(code);
    current = cause;
  }
  return codes;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
