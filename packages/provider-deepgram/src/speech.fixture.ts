import type { AudioFrame } from "@roomkit/core";
import { audioOfText } from "@roomkit/provider-standins";
import { inFrames, inSequence, quiet, type SpeechSample } from "@roomkit/testing";

const RATE = 16_000;

/** Speech as frames of 20 ms; numbers are pauses in ms. */
export function speech(parts: readonly (string | number)[], sampleRate: number = RATE): AudioFrame[] {
  const sounds = parts.map((part) =>
    typeof part === "number" ? quiet(sampleRate, part) : audioOfText(part, sampleRate),
  );
  return inFrames(inSequence(...sounds), { sampleRate, channels: 1 });
}

export async function* streamed(frames: readonly AudioFrame[]): AsyncGenerator<AudioFrame> {
  yield* frames;
}

export function sample(text: string, sampleRate: number = RATE): SpeechSample {
  return { frames: speech([text], sampleRate), matches: (heard) => heard === text };
}

export const SAMPLES: readonly [SpeechSample, SpeechSample] = [
  sample("Good morning, how are you today?"),
  sample("The train was late."),
];
