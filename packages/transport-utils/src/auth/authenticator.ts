import { type Clock, errorFields, type Logger, type Metadata, RoomKitError, withTimeout } from "@roomkit/core";
import type { ConnectionRequest } from "../request.ts";

/** Says who a client is: metadata to accept, `null` to reject. Throwing rejects too. */
export type Authenticator<Request = ConnectionRequest> = (
  request: Request,
  options: { readonly signal: AbortSignal },
) => Metadata | null | Promise<Metadata | null>;

export type AuthResult =
  | { readonly ok: true; readonly metadata: Metadata }
  /** 401: rejected. 403: the authenticator failed. 503: it took too long. */
  | {
      readonly ok: false;
      readonly status: 401 | 403 | 503;
      readonly code: "unauthorized" | "auth_error" | "auth_timeout";
    };

export interface AuthenticateOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default 5,000 ms. */
  readonly timeoutMs?: number | undefined;
  /** The client is gone. */
  readonly signal?: AbortSignal | undefined;
}

/** Asks an authenticator. Never throws; what the authenticator threw goes to the log by its class and code only. */
export async function authenticate<Request>(
  authenticator: Authenticator<Request>,
  request: Request,
  options: AuthenticateOptions,
): Promise<AuthResult> {
  const { clock, logger, timeoutMs = 5_000 } = options;
  const controller = new AbortController();
  try {
    const answer = Promise.resolve(authenticator(request, { signal: controller.signal }));
    const metadata = await withTimeout(answer, timeoutMs, { clock, signal: options.signal, what: "authentication" });
    if (metadata === null || metadata === undefined) return { ok: false, status: 401, code: "unauthorized" };
    if (typeof metadata !== "object" || Array.isArray(metadata)) {
      throw new RoomKitError("invalid_metadata", "an authenticator returns an object or null");
    }
    return { ok: true, metadata };
  } catch (error) {
    controller.abort(error);
    if (RoomKitError.is(error, "timeout") || RoomKitError.is(error, "aborted")) {
      return { ok: false, status: 503, code: "auth_timeout" };
    }
    logger.warn(errorFields(error), "authentication failed to run");
    return { ok: false, status: 403, code: "auth_error" };
  }
}
