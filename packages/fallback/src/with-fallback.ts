import { type AIProvider, assertOptions, RoomKitError, type SttProvider, type TtsProvider } from "@roomkit/core";
import { fallbackAI } from "./fallback-ai.ts";
import { fallbackStt } from "./fallback-stt.ts";
import { fallbackTts } from "./fallback-tts.ts";
import type { FallbackOptions } from "./options.ts";

/**
 * Makes one provider of several of a kind: the first that works answers. A failure, or no answer in time, hands over to the next,
 * also in the middle of an answer, without repeating what was said. One that keeps failing is left out for a while.
 *
 * @throws RoomKitError `invalid_option` for an empty list, providers of different kinds, or voices of different rates.
 */
export function withFallback(providers: readonly SttProvider[], options?: FallbackOptions): SttProvider;
export function withFallback(providers: readonly TtsProvider[], options?: FallbackOptions): TtsProvider;
export function withFallback(providers: readonly AIProvider[], options?: FallbackOptions): AIProvider;
export function withFallback(
  providers: readonly SttProvider[] | readonly TtsProvider[] | readonly AIProvider[],
  options: FallbackOptions = {},
): SttProvider | TtsProvider | AIProvider {
  assertOptions("withFallback", options, {
    number: ["firstByteMs", "breakerFailures", "breakerOpenMs"],
    function: ["onSwitch"],
    object: ["clock"],
  });
  const list: readonly unknown[] = Array.isArray(providers) ? providers : [];
  const has = (provider: unknown, method: string): boolean =>
    typeof provider === "object" && provider !== null && method in provider;
  const have = (method: string): boolean => list.length > 0 && list.every((provider) => has(provider, method));
  if (have("transcribe")) return fallbackStt(providers as readonly SttProvider[], options);
  if (have("synthesize")) return fallbackTts(providers as readonly TtsProvider[], options);
  if (have("generate")) return fallbackAI(providers as readonly AIProvider[], options);
  throw new RoomKitError("invalid_option", "withFallback takes at least one provider, all of one kind");
}
