import type { GenerateContentResponse } from "@google/genai";
import { incomplete, ProviderError } from "@roomkit/provider-utils";
import { NAME } from "../connection/name.ts";

/** What the models speak at, in Hz. */
export const SAMPLE_RATE = 24_000;

/**
 * The audio in the chunks of one answer: PCM in pieces of any length.
 *
 * @throws ProviderError `protocol` when there is none, when it is no PCM at 24 kHz, or when it stops early (may be tried again);
 * `invalid_request` when the vendor will not say this.
 */
export async function* audioOf(chunks: AsyncIterable<GenerateContentResponse>): AsyncGenerator<Uint8Array, void> {
  let empty = true;
  for await (const { candidates, promptFeedback } of chunks) {
    const [candidate] = candidates ?? [];
    for (const { inlineData } of candidate?.content?.parts ?? []) {
      if (!inlineData?.data) continue;
      checkType(inlineData.mimeType);
      empty = false;
      yield Buffer.from(inlineData.data, "base64");
    }
    // A text that is blocked has no candidate at all.
    const reason = candidate?.finishReason ?? (promptFeedback?.blockReason ? "SAFETY" : undefined);
    if (reason === undefined) continue;
    if (reason !== "STOP") throw unfinished(reason);
    // The models at times end well without having said anything.
    if (empty) throw incomplete(NAME);
    return;
  }
  // The SDK ends its stream without a word when the connection does.
  throw incomplete(NAME);
}

function checkType(mimeType = ""): void {
  const [type = "", ...parameters] = mimeType.toLowerCase().split(";");
  const rate = parameters.find((each) => each.trim().startsWith("rate="))?.split("=")[1];
  if (/^audio\/(l16|pcm)$/.test(type.trim()) && Number(rate ?? SAMPLE_RATE) === SAMPLE_RATE) return;
  throw new ProviderError("protocol", `${NAME}: audio as ${mimeType.slice(0, 80)}, not as PCM at ${SAMPLE_RATE} Hz`, {
    provider: NAME,
    vendorCode: "audio_format",
  });
}

const REFUSALS = ["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"];

function unfinished(vendorCode: string): ProviderError {
  const refused = REFUSALS.includes(vendorCode);
  return new ProviderError(
    refused ? "invalid_request" : "protocol",
    `${NAME} ${refused ? "refuses to say this" : "stopped speaking early"}: ${vendorCode}`,
    { provider: NAME, vendorCode, retryable: !refused },
  );
}
