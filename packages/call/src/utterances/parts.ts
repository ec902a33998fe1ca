import { joinTexts } from "@roomkit/core";
import { MAX_TEXT, type SayingRecord } from "../takeover/call-record.ts";
import type { HeldText } from "./held-text.ts";
import type { Before, SpeakOptions } from "./speak-options.ts";
import type { SpokenUtterance, Utterance } from "./utterance.ts";

/** What was heard of a text in two goes; it is called as the first was. */
export function joined({ id, text, playedMs, confidence }: Before, then: SpokenUtterance): SpokenUtterance {
  if (id === undefined) return then;
  const heard = joinTexts([text, then.heard]);
  const record = {
    ...then.record,
    playedMs: playedMs + then.record.playedMs,
    confidence: confidence === "reported" ? then.record.confidence : confidence,
  };
  return { ...then, utterance: id, heard, text: joinTexts([text, then.text]), record, audible: true };
}

/** Whether another process could say it: a text, in a voice of the call. */
export function recordable({ tones, presses }: SpeakOptions): boolean {
  return !tones && !presses;
}

/** How far a text is said. */
export function recordOf(place: {
  readonly utterance: Utterance;
  readonly before: Before;
  readonly source?: HeldText | undefined;
  readonly options: SpeakOptions;
}): SayingRecord {
  const { utterance, before, source, options } = place;
  const { audible, text, playedMs, unheard } = utterance.progress;
  // What waits has not been read.
  const { read = "", over = false } = source ?? {};
  const { known } = options;
  const ahead = known && read.length <= known.text.length ? known : { text: read, over };
  const more = ahead.text.slice(utterance.taken);
  const fits = text.length + more.length <= MAX_TEXT;
  return {
    ...{ utterance: utterance.id, id: before.id ?? utterance.id, revision: before.revision + utterance.revision },
    ...{ before: before.text.slice(-MAX_TEXT), beforeMs: before.playedMs, confidence: before.confidence },
    ...{ text: text.slice(-MAX_TEXT), more: more.slice(0, Math.max(0, MAX_TEXT - text.length)) },
    ...{ over: ahead.over && fits, audible, playedMs, unheard },
    ...{ turnId: options.correlationId, voice: options.voice },
  };
}
