import { RoomKitError } from "@roomkit/core";
import {
  checkRequestSettings,
  resolveKey,
  SdkRequests,
  type Secret,
  sdkError,
  tellingFetch,
  versioned,
} from "@roomkit/provider-utils";
import type { OpenAI } from "openai";
import { classify, NAME, type OpenAIConnectionOptions } from "./connection.ts";
import { withWholeForms } from "./whole-forms.ts";

export type OpenAIRequests = SdkRequests<OpenAI>;

/**
 * One kind of request.
 *
 * @param stallMs where the options do not say.
 * @throws RoomKitError `missing_key`, `invalid_option`.
 */
export function openaiRequests({ apiKey, ...options }: OpenAIConnectionOptions, stallMs = 10_000): OpenAIRequests {
  checkRequestSettings(options, NAME);
  const { clock } = options;
  const key = resolveKey({ provider: NAME, option: apiKey, env: "OPENAI_API_KEY" });
  return new SdkRequests(options, {
    provider: NAME,
    load: () => loadClient(options, key),
    errorOf: (error) => sdkError(error, { provider: NAME, clock, classify }),
    firstByteMs: 10_000,
    stallMs,
  });
}

/** @throws RoomKitError `missing_dependency` when the SDK is not installed. */
async function loadClient(options: Omit<OpenAIConnectionOptions, "apiKey">, key: Secret): Promise<OpenAI> {
  const { baseURL, organization, project, headers, fetch } = options;
  const sdk = await import("openai").catch((error: unknown) => {
    const message = "install the SDK beside this package: openai@6 (or 7, from Node 22 on)";
    throw new RoomKitError("missing_dependency", message, { cause: error });
  });
  return new sdk.OpenAI({
    apiKey: key.reveal(),
    baseURL: versioned(baseURL ?? (process.env.OPENAI_BASE_URL || undefined)),
    organization,
    project,
    defaultHeaders: headers && { ...headers },
    fetch: withWholeForms(tellingFetch(fetch)),
    maxRetries: 0,
    // It logs pieces of answers when it cannot parse them.
    logLevel: "off",
  });
}
