import { type Clock, type Logger, RoomKitError } from "@roomkit/core";
import {
  checkRetryOptions,
  type RetryOptions,
  resolveKey,
  type Secret,
  type VendorError,
} from "@roomkit/provider-utils";
import type { OpenAI } from "openai";

export const NAME = "openai";

/** How to reach the vendor, or a server that talks like it, and how long to wait. The same for all three providers. */
export interface OpenAIConnectionOptions {
  /** Default: the variable `OPENAI_API_KEY`. */
  readonly apiKey?: string | Secret | undefined;
  /** Default: the vendor's, or the variable `OPENAI_BASE_URL`. */
  readonly baseURL?: string | undefined;
  readonly organization?: string | undefined;
  readonly project?: string | undefined;
  /** Headers added to every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Replaces the platform's fetch: a proxy, or longer-lived connections. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Longest wait for the first sign of an answer, ms. 0: no limit. Default 10,000. */
  readonly firstByteMs?: number | undefined;
  /** Longest wait between two signs of an answer, ms. 0: no limit. Default 10,000; for a thinking model 60,000. */
  readonly stallMs?: number | undefined;
  /** Retries before anything was given out. The SDK's own are off. */
  readonly retry?: RetryOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function refuse(what: string): never {
  throw new RoomKitError("invalid_option", `openai: ${what}`);
}

/** The SDK's client, loaded when it is first needed. */
export class OpenAIConnection {
  readonly #options: Omit<OpenAIConnectionOptions, "apiKey">;
  readonly #key: Secret;
  #client: Promise<OpenAI> | undefined;

  /** @throws RoomKitError `missing_key`, `invalid_option`. */
  constructor({ apiKey, ...options }: OpenAIConnectionOptions) {
    const { firstByteMs = 0, stallMs = 0 } = options;
    if (!(firstByteMs >= 0) || !(stallMs >= 0)) refuse("firstByteMs and stallMs must be >= 0");
    checkRetryOptions(options.retry);
    this.#options = options;
    this.#key = resolveKey({ provider: NAME, option: apiKey, env: "OPENAI_API_KEY" });
  }

  /** @throws RoomKitError `missing_dependency` when the SDK is not installed. */
  client(): Promise<OpenAI> {
    this.#client ??= this.#load().catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  async #load(): Promise<OpenAI> {
    const { baseURL, organization, project, headers, fetch } = this.#options;
    const sdk = await import("openai").catch((error: unknown) => {
      throw new RoomKitError(
        "missing_dependency",
        "install the SDK beside this package: openai@6 (or 7, from Node 22 on)",
        {
          cause: error,
        },
      );
    });
    return new sdk.OpenAI({
      apiKey: this.#key.reveal(),
      ...(baseURL === undefined ? {} : { baseURL }),
      ...(organization === undefined ? {} : { organization }),
      ...(project === undefined ? {} : { project }),
      ...(headers === undefined ? {} : { defaultHeaders: { ...headers } }),
      ...(fetch === undefined ? {} : { fetch }),
      maxRetries: 0,
      // It logs pieces of answers when it cannot parse them.
      logLevel: "off",
    });
  }
}

/** What the vendor means by its codes where the status alone says something else. */
export function classify(status: number, { code = "" }: VendorError): "quota" | "invalid_request" | undefined {
  if (status === 429 && code === "insufficient_quota") return "quota";
  // The account may not use this model, or none in this country: waiting and other keys do not help.
  return status === 403 && /unsupported_country|model_not_found/.test(code) ? "invalid_request" : undefined;
}
