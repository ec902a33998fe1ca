import { createOpenAI as v2 } from "@ai-sdk/openai-v2";
import { createOpenAI as v3 } from "@ai-sdk/openai-v3";
import { createOpenAI as v4 } from "@ai-sdk/openai-v4";
import type { AiSdkLanguageModel, AiSdkSpeechModel, AiSdkTranscriptionModel } from "./models.ts";

/** The real OpenAI package of each generation of the AI SDK: one adapter must serve them all. */
export const generations = [
  { specification: "v2", create: v2 },
  { specification: "v3", create: v3 },
  { specification: "v4", create: v4 },
] as const;

export type Generation = (typeof generations)[number];

export function openai({ create }: Generation, url: string, apiKey: string) {
  const vendor = create({ baseURL: `${url}/v1`, apiKey });
  return {
    language: vendor.responses("gpt-5-mini") as unknown as AiSdkLanguageModel,
    speech: vendor.speech("gpt-4o-mini-tts") as unknown as AiSdkSpeechModel,
    transcription: vendor.transcription("gpt-4o-transcribe") as unknown as AiSdkTranscriptionModel,
  };
}
