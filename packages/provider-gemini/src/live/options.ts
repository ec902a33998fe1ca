import type { Clock, Logger, Resolved } from "@roomkit/core";
import type { ReconnectOptions, RetryOptions, Secret, SocketConnectionOptions } from "@roomkit/provider-utils";
import { refuse } from "../connection/name.ts";

export interface GeminiLiveOptions {
  /** Default: the variables `GEMINI_API_KEY`, `GOOGLE_API_KEY`. May be an ephemeral token (`auth_tokens/...`). */
  readonly apiKey?: string | Secret | undefined;
  /** Default: the variable `GOOGLE_GEMINI_BASE_URL`, or `https://generativelanguage.googleapis.com`; `http` and `ws` (without TLS) for a server of your own. */
  readonly baseURL?: string | undefined;
  /** Default `v1beta`, for an ephemeral token `v1alpha`. */
  readonly apiVersion?: string | undefined;
  /** Default `gemini-3.1-flash-live-preview`. */
  readonly model?: string | undefined;
  /** Where the session does not say. Default `Aoede`. */
  readonly voice?: string | undefined;
  /** How the vendor finds turns, where the session does not say `manual`. */
  readonly activityDetection?:
    | {
        /** How soon a sound is speech. */
        readonly startSensitivity?: "low" | "high" | undefined;
        /** How soon silence ends it. */
        readonly endSensitivity?: "low" | "high" | undefined;
        /** Speech that counts as the beginning of a turn, ms. */
        readonly prefixPaddingMs?: number | undefined;
        /** Silence that ends a turn, ms. */
        readonly silenceDurationMs?: number | undefined;
      }
    | undefined;
  /** Whether the caller's speech stops the answer. Default true. */
  readonly interruptible?: boolean | undefined;
  /** Whether what is said, on both sides, is written down. Default true. */
  readonly transcription?: boolean | undefined;
  /** Old conversation makes room for new, so that a session is not over after 15 minutes. false: off. Default: the vendor's numbers. */
  readonly compression?:
    | { readonly triggerTokens?: number | undefined; readonly targetTokens?: number | undefined }
    | false
    | undefined;
  /** Tokens spent on thinking; 0 for none. Default: the model's own. */
  readonly thinkingBudget?: number | undefined;
  /** Longest answer in tokens. Default: the model's own. */
  readonly maxOutputTokens?: number | undefined;
  /** Longest wait for the upgrade, and then for the vendor's handshake, ms. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Longest silence of a vendor that has been asked for an answer, ms. Default 20,000. */
  readonly responseTimeoutMs?: number | undefined;
  /** Tries of the first connection. */
  readonly retry?: RetryOptions | undefined;
  /** Tries after a loss. */
  readonly reconnect?: ReconnectOptions | undefined;
  /** A proxy, a private certificate authority. */
  readonly connection?: SocketConnectionOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** What the protocol reads, with its defaults. */
export type LiveSettings = Resolved<Pick<GeminiLiveOptions, "interruptible" | "transcription">> &
  Pick<GeminiLiveOptions, "activityDetection" | "compression" | "thinkingBudget" | "maxOutputTokens"> & {
    readonly model: string;
    readonly voice: string;
  };

/** @throws RoomKitError `invalid_option`. */
export function liveSettings(options: GeminiLiveOptions): LiveSettings {
  const {
    model = "gemini-3.1-flash-live-preview",
    voice = "Aoede",
    interruptible = true,
    transcription = true,
  } = options;
  const { activityDetection, compression, thinkingBudget, maxOutputTokens } = options;
  if (model === "") refuse("model must not be empty");
  for (const name of ["handshakeTimeoutMs", "responseTimeoutMs", "maxOutputTokens"] as const) {
    const value = options[name];
    if (value !== undefined && !(value > 0)) refuse(`${name} must be > 0`);
  }
  const amounts = [
    thinkingBudget,
    activityDetection?.prefixPaddingMs,
    activityDetection?.silenceDurationMs,
    ...(compression ? [compression.triggerTokens, compression.targetTokens] : []),
  ];
  if (amounts.some((value) => value !== undefined && !(Number.isInteger(value) && value >= 0)))
    refuse("tokens and ms must be whole numbers >= 0");
  return {
    model,
    voice,
    interruptible,
    transcription,
    activityDetection,
    compression,
    thinkingBudget,
    maxOutputTokens,
  };
}
