import { VoiceClientError } from "../errors.ts";

interface PolicyWatch {
  /** The page's own content security policy forbade a connection meanwhile. */
  readonly broken: boolean;
  stop(): void;
}

/** A page is told of a request its policy forbids by an event only: the request fails like any other. */
export function watchPolicy(): PolicyWatch {
  let broken = false;
  const onViolation = ({ effectiveDirective }: SecurityPolicyViolationEvent): void => {
    broken ||= effectiveDirective === "connect-src" || effectiveDirective === "default-src";
  };
  const page = globalThis.document as Document | undefined;
  page?.addEventListener("securitypolicyviolation", onViolation);
  return {
    get broken() {
      return broken;
    },
    stop: () => page?.removeEventListener("securitypolicyviolation", onViolation),
  };
}

/**
 * Why a request failed without an answer, as far as a page may know. A server of another origin that answers a request without
 * CORS is there, and does not let this page read what it says.
 */
export async function unreachable(
  url: URL,
  policy: PolicyWatch,
  signal: AbortSignal,
  cause: unknown,
): Promise<VoiceClientError> {
  // The event comes after the failure.
  await new Promise((resolve) => setTimeout(resolve, 0));
  if (policy.broken) {
    return new VoiceClientError("blocked_by_policy", `connect-src of this page forbids ${url.host}`, { cause });
  }
  const origin = (globalThis.location as Location | undefined)?.origin;
  if (origin !== undefined && origin !== url.origin) {
    const there = await fetch(url, { mode: "no-cors", cache: "no-store", signal }).then(
      (response) => {
        response.body?.cancel().catch(() => {});
        return true;
      },
      () => false,
    );
    const message = `${url.origin} answers, but not to pages of ${origin}: allow that origin on the server`;
    // A proxy's error page lets nobody read it either.
    if (there) return new VoiceClientError("origin_not_allowed", message, { retryable: true, cause });
  }
  return new VoiceClientError("connection_failed", `${url.host} cannot be reached`, { retryable: true, cause });
}
