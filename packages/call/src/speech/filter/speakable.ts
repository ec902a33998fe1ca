import { SpeakableStream } from "./speakable-stream.ts";
import type { SpeechFilter } from "./speech-filter.ts";

export interface SpeakableOptions {
  /** Said for an address. Default "a link". */
  readonly link?: string | undefined;
}

/** {@link speakable} in other words, e.g. for another language. */
export function speakableWith({ link = "a link" }: SpeakableOptions): SpeechFilter {
  const stream = () => new SpeakableStream(link);
  const filter = (text: string): string => {
    const one = stream();
    const runs = [...one.push(text), ...one.flush()];
    return runs
      .map(({ spoken }) => spoken)
      .join("")
      .trim();
  };
  return Object.assign(filter, { stream });
}

/**
 * What a model writes for eyes is taken out, so that no voice reads asterisks, addresses or pictograms aloud: marks of Markdown and
 * HTML go, fenced code is not said, links say their text, addresses "a link".
 */
export const speakable: SpeechFilter = speakableWith({});
