import type { GenerateContentParameters, GenerateContentResponse, GoogleGenAI } from "@google/genai";
import { defined, RoomKitError } from "@roomkit/core";
import { checkRequestSettings, SdkRequests, type Secret, unversioned } from "@roomkit/provider-utils";
import { geminiError, refusedUnread } from "./errors.ts";
import { keyOf, NAME } from "./name.ts";
import type { GeminiConnectionOptions } from "./options.ts";

export type GeminiRequests = SdkRequests<GoogleGenAI>;

/** @throws RoomKitError `missing_key`, `invalid_option`. */
export function geminiRequests({ apiKey, ...options }: GeminiConnectionOptions): GeminiRequests {
  checkRequestSettings(options, NAME);
  const key = keyOf(apiKey);
  return new SdkRequests(options, {
    provider: NAME,
    load: () => loadClient(options, key),
    errorOf: (error) => geminiError(error, options.clock),
    firstByteMs: 20_000,
    stallMs: 20_000,
  });
}

/** The chunks of one answer. That they end does not mean that it is complete. */
export function contentChunks(
  requests: GeminiRequests,
  { config, ...parameters }: GenerateContentParameters,
  signal: AbortSignal,
): AsyncGenerator<GenerateContentResponse, void, undefined> {
  return requests.stream(
    ({ models }, inner) =>
      // Only the signal ends the SDK's stream: leaving the loop does not.
      models
        .generateContentStream({ ...parameters, config: { ...config, abortSignal: inner } })
        .catch((error: unknown) => {
          throw refusedUnread(error);
        }),
    signal,
  );
}

/** @throws RoomKitError `missing_dependency` when the SDK is not installed. */
async function loadClient(options: Omit<GeminiConnectionOptions, "apiKey">, key: Secret): Promise<GoogleGenAI> {
  const { baseURL, headers } = options;
  const sdk = await import("@google/genai").catch((error: unknown) => {
    const message = "install the SDK beside this package: @google/genai@2 (or 3, from Node 22 on)";
    throw new RoomKitError("missing_dependency", message, { cause: error });
  });
  return new sdk.GoogleGenAI({
    apiKey: key.reveal(),
    // Not what the environment says: that is for Vertex AI.
    vertexai: false,
    httpOptions: defined({ baseUrl: unversioned(baseURL), headers: headers && { ...headers } }),
  });
}
