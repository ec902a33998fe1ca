import { defined, RoomKitError } from "@roomkit/core";
import { redactText } from "../keys/redact.ts";

const BRAND: unique symbol = Symbol.for("roomkit.provider-error") as never;

/**
 * What went wrong with a vendor, in the words a program decides by:
 * `auth` (no or a wrong key, not allowed), `quota` (nothing left to spend: waiting does not help), `rate_limit` (too fast),
 * `overloaded` (the vendor has no capacity), `server` (the vendor failed), `timeout` (nothing came in time), `network`
 * (the connection failed or was lost), `protocol` (what came makes no sense, or stopped half way), `invalid_request` (the vendor
 * refuses what we sent), `aborted` (the operation was called off).
 */
export type ProviderErrorKind =
  | "auth"
  | "quota"
  | "rate_limit"
  | "overloaded"
  | "server"
  | "timeout"
  | "network"
  | "protocol"
  | "invalid_request"
  | "aborted";

/** Kinds after which the same request may succeed. */
const RETRYABLE: ReadonlySet<ProviderErrorKind> = new Set(["rate_limit", "overloaded", "server", "timeout", "network"]);

export interface ProviderErrorOptions {
  /** The provider's name: `anthropic`, `deepgram`. */
  readonly provider: string;
  /** HTTP status, when there was one. */
  readonly status?: number | undefined;
  /** How long the vendor asks us to wait, in ms. */
  readonly retryAfterMs?: number | undefined;
  /** The vendor's id of the request, for its support. */
  readonly requestId?: string | undefined;
  /** The vendor's own name for the failure: `overloaded_error`, `insufficient_quota`. */
  readonly vendorCode?: string | undefined;
  /** Overrides what the kind says. */
  readonly retryable?: boolean | undefined;
  /** Kept as a copy of its name and message with keys taken out, so that no request, header or key hangs on to it. */
  readonly cause?: unknown;
  /** Further facts for the log: no transcript, no key. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A failure at a vendor. Its `code` is `provider_` and the kind, except for `aborted`, whose code is core's `aborted`. Holds no
 * key: messages and causes are redacted on the way in.
 */
export class ProviderError extends RoomKitError {
  readonly kind: ProviderErrorKind;
  readonly provider: string;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;
  readonly vendorCode: string | undefined;

  constructor(kind: ProviderErrorKind, message: string, options: ProviderErrorOptions) {
    const { provider, status, retryAfterMs, requestId, vendorCode } = options;
    super(kind === "aborted" ? "aborted" : `provider_${kind}`, redactText(message), {
      retryable: options.retryable ?? RETRYABLE.has(kind),
      details: defined({ ...options.details, provider, status, retryAfterMs, requestId, vendorCode }),
      ...(options.cause === undefined ? {} : { cause: withoutSecrets(options.cause) }),
    });
    this.name = "ProviderError";
    this.kind = kind;
    this.provider = provider;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.requestId = requestId;
    this.vendorCode = vendorCode;
    Object.defineProperty(this, BRAND, { value: true, enumerable: false });
  }

  /** True for a ProviderError of any copy of this package; with `kind`, only for that kind. */
  static override is(error: unknown, kind?: string): error is ProviderError {
    if (typeof error !== "object" || error === null || !(BRAND in error)) return false;
    return kind === undefined || (error as unknown as ProviderError).kind === kind;
  }
}

/** How deep a chain of causes is followed: enough for fetch (our error, the SDK's, undici's, the system's). */
const MAX_CAUSES = 5;

/** A copy of an error that shares nothing with it but redacted text. */
function withoutSecrets(cause: unknown, depth = 1): unknown {
  if (RoomKitError.is(cause)) return cause;
  if (!(cause instanceof Error)) return redactText(String(cause));
  const inner = cause.cause === undefined || depth >= MAX_CAUSES ? undefined : withoutSecrets(cause.cause, depth + 1);
  const copy = new Error(redactText(cause.message), inner === undefined ? undefined : { cause: inner });
  copy.name = cause.name;
  copy.stack = redactText(cause.stack ?? `${cause.name}: ${cause.message}`);
  const { code } = cause as { code?: unknown };
  if (typeof code === "string" || typeof code === "number") Object.assign(copy, { code });
  return copy;
}
