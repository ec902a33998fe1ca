import { kindOfVendorCode, ProviderError, type ProviderErrorKind } from "@roomkit/provider-utils";
import { NAME } from "../options.ts";
import type { Spoken } from "../speech/channel.ts";
import type { Alignment } from "../speech/word-builder.ts";

/** A message of the vendor's. */
export interface ServerMessage extends Spoken {
  /** Which utterance it belongs to, on a shared WebSocket. */
  readonly contextId: string | undefined;
  readonly error: ProviderError | undefined;
}

/**
 * Reads a message. The vendor's own descriptions of it differ in the names of some fields: all are taken.
 *
 * @throws ProviderError `protocol` for what is no JSON object.
 */
export function readMessage(message: string | Uint8Array): ServerMessage {
  const fields = parsed(message);
  const { audio, contextId, context_id, isFinal, is_final, error } = fields;
  return {
    contextId: text(contextId) ?? text(context_id),
    audio: typeof audio === "string" && audio !== "" ? Buffer.from(audio, "base64") : undefined,
    alignment: alignmentOf(fields.alignment),
    final: isFinal === true || is_final === true,
    error: error === undefined || error === null ? undefined : messageError(fields),
  };
}

function parsed(message: string | Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = typeof message === "string" ? JSON.parse(message) : undefined;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, without the text: it may be what a caller hears.
  }
  throw new ProviderError("protocol", `${NAME} sent what is not JSON`, { provider: NAME });
}

function alignmentOf(value: unknown): Alignment | undefined {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const chars = list<string>(fields.chars);
  if (!chars) return undefined;
  return {
    chars,
    startMs: list<number>(fields.charStartTimesMs ?? fields.char_start_times_ms) ?? [],
    durationMs: list<number>(fields.charDurationsMs ?? fields.charsDurationsMs ?? fields.char_durations_ms) ?? [],
  };
}

function messageError({ error, message, code }: Readonly<Record<string, unknown>>): ProviderError {
  const vendorCode = text(error);
  const said = text(message) ?? vendorCode ?? "an error within the stream";
  return new ProviderError(kindOfCode(vendorCode ?? ""), `${NAME}: ${said.slice(0, 300)}`, {
    provider: NAME,
    vendorCode,
    ...(typeof code === "number" ? { details: { closeCode: code } } : {}),
  });
}

/** The vendor's names for failures, in messages and in the reasons for closing. */
function kindOfCode(code: string): ProviderErrorKind {
  if (/max_active|too_many|concurren|system_busy/i.test(code)) return "rate_limit";
  if (/does_not_exist|missing/i.test(code)) return "invalid_request";
  return kindOfVendorCode(code);
}

/** What it means that the vendor closes: it names the failure in the reason, with one code for all of them. */
export function classifyClose(code: number, reason: string): ProviderErrorKind | undefined {
  if (code !== 1008) return undefined;
  if (/input_timeout|timed? ?out/i.test(reason)) return "timeout";
  if (/quota|credit/i.test(reason)) return "quota";
  if (/max_active|too many|concurren|maximum simultaneous/i.test(reason)) return "rate_limit";
  if (/api.?key|authori[sz]|unauthenticated/i.test(reason)) return "auth";
  return undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function list<T>(value: unknown): readonly T[] | undefined {
  return Array.isArray(value) ? (value as T[]) : undefined;
}
