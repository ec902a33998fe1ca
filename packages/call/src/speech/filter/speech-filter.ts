import type { SpokenRun } from "@roomkit/core";

/** Changes streamed text before it is cut into pieces and spoken. What it gives out must not depend on how the text comes. */
export interface SpeechFilterStream {
  /** What can be said so far, in order: all that was written, and what to say of it. */
  push(text: string): SpokenRun[];
  /** The rest. */
  flush(): SpokenRun[];
}

/**
 * Says what a voice is to say of a text. A plain function is given each piece after the text was cut; an empty result is not spoken.
 * One with a `stream` sees the text before it is cut, and so what goes beyond a sentence.
 */
export interface SpeechFilter {
  (text: string): string;
  /** For one text. */
  readonly stream?: (() => SpeechFilterStream) | undefined;
}
