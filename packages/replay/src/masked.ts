import { isBackchannel, isCommand } from "@roomkit/call";
import type { AIPart, ConnectionInput, TranscriptPart, WordTiming } from "@roomkit/core";

/** Words as a file keeps them; `confidence`: how sure a recogniser is of them. */
export type Mask = (text: string, confidence?: number) => string;

export const asItWas: Mask = (text) => text;

/**
 * A placeholder of the same length for the caller's words: letters are `x`, digits `0`, everything else stays, so that it is cut into
 * sentences and words as before. Words that only say that somebody listens ("mhm, okay"), or that they want the floor ("stop"), stay, and so do unsure ones that sound like
 * them: they decide who speaks, and say nothing else.
 */
export const callersPlaceholder: Mask = (text, confidence) => {
  const decides = [isBackchannel, isCommand].some((is) => is(text, undefined, { confidence }));
  return text.length <= 40 && decides ? text : covered(text, "x");
};

/** The same for the assistant's, of which nothing stays: letters are `z`, so that nobody's words are taken for the assistant's own. */
export const assistantsPlaceholder: Mask = (text) => covered(text, "z");

/** Words without what they say, masked or not. */
export const shapeOf = (text: string): string => covered(text, "x");

function covered(text: string, letter: "x" | "z"): string {
  return text.replace(/\p{N}|\p{L}|\p{M}/gu, (sign) => {
    const cover = /\p{N}/u.test(sign) ? "0" : /\p{Lu}/u.test(sign) ? letter.toUpperCase() : letter;
    return cover.repeat(sign.length);
  });
}

export const maskedWords = (words: readonly WordTiming[], mask: Mask): WordTiming[] =>
  words.map(({ text, startMs, endMs }) => ({ text: mask(text), startMs, endMs }));

export function maskedTranscript(part: TranscriptPart, mask: Mask): TranscriptPart {
  if (part.type !== "partial" && part.type !== "final") return part;
  const { words, ...rest } = part;
  return { ...rest, text: mask(part.text, part.confidence), ...(words && { words: maskedWords(words, mask) }) };
}

/** What a model said; what its tools were called with, and how it thought, is in no file. */
export function maskedAI(part: AIPart, mask: Mask): AIPart | undefined {
  if (part.type === "text-delta") return { type: "text-delta", text: mask(part.text) };
  return part.type === "finish" ? { type: "finish", reason: part.reason } : undefined;
}

/** What a client said besides audio: no data of the application's, and no keys. */
export function maskedInput(input: ConnectionInput, mask: Mask): ConnectionInput {
  switch (input.type) {
    case "text":
      return { type: "text", text: mask(input.text) };
    case "dtmf":
      return { type: "dtmf", digit: mask === asItWas ? input.digit : "0" };
    case "data":
      return { type: "data", name: input.name, payload: null };
    default:
      return input;
  }
}
