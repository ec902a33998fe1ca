import type { Cancel } from "@roomkit/core";
import type { RealtimeSpeakers } from "./speakers.ts";
import type { Place } from "./speaking-order.ts";

/** Words on their way: one transcript of the provider. */
export interface Line {
  readonly role: "user" | "assistant";
  revision: number;
  final: boolean;
  /** Of the caller's words: where they were spoken. */
  speech: Speech | undefined;
  /** Of the assistant's: what its hooks left of them, once they have seen all. */
  hooked: Hooked | undefined;
}

/** `written` is undefined where a hook blocked. */
interface Hooked {
  readonly written: string | undefined;
}

/** A stretch of the caller's speech, whose words are to come. */
export interface Speech {
  place: Place;
  /** The vendor has said that it began. */
  announced: boolean;
  /** Words of it have come. */
  begun: boolean;
  /** Where it is in the caller's audio, for who wants to know whose it is. */
  readonly heard: ReturnType<RealtimeSpeakers["begin"]> | undefined;
  /** Set while its words are waited for. */
  stopTimer: Cancel | undefined;
}
