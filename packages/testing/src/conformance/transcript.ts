import type { SttCapabilities, TranscriptPart, WordTiming } from "@roomkit/core";
import { check } from "./case.ts";

/** The turn's text: all finals joined by a space. */
export function finalText(parts: readonly TranscriptPart[]): string {
  return parts
    .flatMap((part) => (part.type === "final" ? [part.text] : []))
    .join(" ")
    .trim();
}

/**
 * Checks the parts of one whole stream against the contract and against what the provider says it can do.
 *
 * @throws ConformanceFailure
 */
export function checkTranscript(parts: readonly TranscriptPart[], capabilities: SttCapabilities): void {
  let open = "";
  let turn: "none" | "started" | "eager" = "none";
  for (const part of parts) {
    switch (part.type) {
      case "partial":
        check(capabilities.streaming, "a partial came, but capabilities.streaming is false");
        open = part.text;
        checkText(part, capabilities);
        break;
      case "final":
        open = "";
        checkText(part, capabilities);
        check(part.text !== "", "a final had no text");
        break;
      case "turn-start":
        check(capabilities.turnDetection, "turn-start came, but capabilities.turnDetection is false");
        turn = "started";
        break;
      case "turn-end":
        check(turn !== "none", "a turn ended that had not started");
        turn = part.eager ? "eager" : "none";
        break;
      case "turn-resumed":
        check(turn === "eager", "turn-resumed came without an eager turn-end");
        turn = "started";
        break;
      default:
        check(false, `there is no part of type ${JSON.stringify((part as { type: unknown }).type)}`);
    }
  }
  check(open === "", `the stream ended with a partial that never became final: ${JSON.stringify(open)}`);
  if (capabilities.wordTimings) {
    const timed = parts.some((part) => part.type === "final" && (part.words?.length ?? 0) > 0);
    check(timed, "capabilities.wordTimings is true, but no final had words");
  }
}

function checkText(part: TranscriptPart & { type: "partial" | "final" }, capabilities: SttCapabilities): void {
  const { text, confidence, words } = part;
  check(typeof text === "string" && text === text.trim(), `the text is not trimmed: ${JSON.stringify(text)}`);
  check(confidence === undefined || (confidence >= 0 && confidence <= 1), `${confidence} is no confidence`);
  if (!words) return;
  check(capabilities.wordTimings, "words came, but capabilities.wordTimings is false");
  checkWords(words);
}

/** Checks that words follow each other in time. @throws ConformanceFailure */
export function checkWords(words: readonly WordTiming[]): void {
  let last = 0;
  for (const { text, startMs, endMs } of words) {
    check(text.trim() !== "", "a word has no text");
    check(startMs >= last - 1 && endMs >= startMs, `the word ${JSON.stringify(text)} is out of order`);
    last = startMs;
  }
}
