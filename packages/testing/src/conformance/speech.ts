import { assertFrame, frameDurationMs, type SpeechPart, type TtsCapabilities, type WordTiming } from "@roomkit/core";
import { check } from "./case.ts";
import { checkWords } from "./transcript.ts";

/** Length of all the audio of a stream, in ms. */
export function audioMs(parts: readonly SpeechPart[]): number {
  return parts.reduce((sum, part) => sum + (part.type === "audio" ? frameDurationMs(part.frame) : 0), 0);
}

/**
 * Checks the parts of one whole stream against the contract, against the pieces it was given and against what the provider
 * says it can do.
 *
 * @throws ConformanceFailure
 */
export function checkSpeech(
  parts: readonly SpeechPart[],
  pieces: readonly string[],
  capabilities: TtsCapabilities,
): void {
  const segments: string[] = [];
  const words: WordTiming[] = [];
  /** Audio since each segment began, in ms. */
  const spoken: number[] = [];
  let position = 0;
  for (const part of parts) {
    switch (part.type) {
      case "segment":
        segments.push(part.text);
        spoken.push(0);
        break;
      case "words":
        check(capabilities.wordTimings, "words came, but capabilities.wordTimings is false");
        words.push(...part.words);
        break;
      case "audio": {
        const { frame } = part;
        assertFrame(frame);
        check(frame.samples.length > 0, "a frame is empty");
        const { sampleRate } = capabilities;
        check(frame.sampleRate === sampleRate, `a frame has ${frame.sampleRate} Hz, declared were ${sampleRate}`);
        const off = Math.abs(frame.timestamp - position);
        check(off <= 1.5, `the frame at ${position} ms says it is at ${frame.timestamp} ms`);
        position += frameDurationMs(frame);
        if (spoken.length > 0) spoken[spoken.length - 1] = (spoken.at(-1) ?? 0) + frameDurationMs(frame);
        break;
      }
      default:
        check(false, `there is no part of type ${JSON.stringify((part as { type: unknown }).type)}`);
    }
  }
  check(position > 0, "there was no audio");
  if (segments.length > 0) {
    const same = segments.length === pieces.length && segments.every((text, i) => text.trim() === pieces[i]?.trim());
    check(same, `the segments are not the pieces: ${JSON.stringify(segments)}`);
    check(
      parts.findIndex((p) => p.type === "segment") <= parts.findIndex((p) => p.type === "audio"),
      "audio came first",
    );
    spoken.forEach((ms, i) => {
      check(ms > 0, `segment ${i} has no audio`);
    });
  }
  if (!capabilities.wordTimings) return;
  check(words.length > 0, "capabilities.wordTimings is true, but no words came");
  checkWords(words);
  const end = words.at(-1)?.endMs ?? 0;
  check(end <= position + 100, `the last word ends at ${end} ms, the audio at ${position} ms`);
  const whole = pieces.join(" ").toLowerCase();
  let from = 0;
  for (const { text } of words) {
    const at = whole.indexOf(text.trim().toLowerCase(), from);
    check(at >= 0, `the word ${JSON.stringify(text)} does not occur (any more) in the text`);
    from = at + text.trim().length;
  }
}
