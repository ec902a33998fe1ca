import type { SpeechPart, WordTiming } from "@roomkit/core";
import { textOfAudio } from "@roomkit/provider-standins";

export async function* textOf(...pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces;
}

/** What the audio of these parts says. */
export function spokenText(parts: readonly SpeechPart[], sampleRate = 24_000): string {
  const samples = parts.flatMap((part) => (part.type === "audio" ? [...part.frame.samples] : []));
  return textOfAudio(Int16Array.from(samples), sampleRate).trim();
}

export function wordsOf(parts: readonly SpeechPart[]): WordTiming[] {
  return parts.flatMap((part) => (part.type === "words" ? part.words : []));
}
