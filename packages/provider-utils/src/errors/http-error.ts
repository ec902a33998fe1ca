import { type Clock, systemClock } from "@roomkit/core";
import { askedUrl } from "./asked-url.ts";
import { ProviderError, type ProviderErrorKind } from "./provider-error.ts";
import { type HeadersLike, header, parseRetryAfter } from "./retry-after.ts";

/** What a vendor said in the body of an error. */
export interface VendorError {
  readonly message?: string | undefined;
  /** Its own name for the failure. */
  readonly code?: string | undefined;
}

export interface HttpErrorContext {
  readonly provider: string;
  /** For `Retry-After` dates. Default: the system clock. */
  readonly clock?: Clock | undefined;
  /** A vendor's own reading; undefined leaves it to the status. */
  readonly classify?: ((status: number, error: VendorError) => ProviderErrorKind | undefined) | undefined;
  /** What to keep as the cause. */
  readonly cause?: unknown;
}

const REQUEST_ID_HEADERS = ["request-id", "x-request-id", "dg-request-id", "x-goog-request-id"];
/** Spent money or credit, which comes as 401, 403 or 429 at some vendors but does not pass with time. */
const QUOTA_CODES = /insufficient_quota|quota_exceeded|billing|insufficient_funds|credit/i;
const MAX_MESSAGE = 300;

/**
 * The error for a response that was refused; of a 404 that came by {@link tellingFetch} it says to which URL.
 *
 * @param body as text, bytes or parsed JSON. Its message (at most 300 characters, keys taken out) becomes part of ours.
 */
export function httpError(
  status: number,
  headers: HeadersLike | undefined,
  body: unknown,
  context: HttpErrorContext,
): ProviderError {
  const vendor = readVendorError(body);
  const kind = context.classify?.(status, vendor) ?? kindOfStatus(status, vendor.code);
  const words = vendor.message ?? header(headers, "dg-error"); // Deepgram's, where a body is not to be had
  const said = words ? `: ${words.slice(0, MAX_MESSAGE)}` : "";
  const asked = askedUrl(headers);
  const from = asked === undefined ? "" : ` to ${asked}`;
  return new ProviderError(kind, `${context.provider} answered ${status}${from}${said}`, {
    provider: context.provider,
    status,
    retryAfterMs: parseRetryAfter(headers, (context.clock ?? systemClock).wallTime()),
    requestId: REQUEST_ID_HEADERS.map((name) => header(headers, name)).find((id) => id),
    vendorCode: vendor.code,
    cause: context.cause,
  });
}

/** The kind of a status code where the vendor's own words do not say more. */
export function kindOfStatus(status: number, vendorCode = ""): ProviderErrorKind {
  if (status === 402 || ([401, 403, 429].includes(status) && QUOTA_CODES.test(vendorCode))) return "quota";
  if (status === 401 || status === 403) return "auth";
  if (status === 429) return "rate_limit";
  if (status === 408 || status === 504) return "timeout";
  if (status === 503 || status === 529) return "overloaded";
  if (status >= 500) return "server";
  if (status === 409 || status === 425) return "server";
  // A redirect or a success where none belongs is no answer to what was asked.
  return status >= 400 ? "invalid_request" : "protocol";
}

/**
 * Finds message and code in the shapes the vendors use: `{error:{message,type,code}}`, `{detail:{status,message}}`,
 * `{err_code,err_msg}`, `{message,error}`, `{detail:"..."}`.
 */
export function readVendorError(body: unknown): VendorError {
  const value = parsed(body);
  if (typeof value === "string") return value.trim() && !value.includes("<") ? { message: value.trim() } : {};
  if (!isRecord(value)) return {};
  // Gemini wraps its one error in an array when it streams.
  const inner = [value.error, value.detail].find(isRecord) ?? value;
  const message = firstText(inner.message, inner.err_msg, value.message, value.detail, value.error);
  const code = firstText(inner.code, inner.type, inner.status, inner.err_code, value.type, value.error);
  return { message, code };
}

function parsed(body: unknown): unknown {
  if (body instanceof Uint8Array) return parsed(Buffer.from(body).toString("utf8"));
  if (typeof body !== "string") return Array.isArray(body) ? body[0] : body;
  try {
    const value: unknown = JSON.parse(body);
    return Array.isArray(value) ? value[0] : value;
  } catch {
    return body;
  }
}

function firstText(...candidates: readonly unknown[]): string | undefined {
  return candidates.find((candidate): candidate is string => typeof candidate === "string" && candidate !== "");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
