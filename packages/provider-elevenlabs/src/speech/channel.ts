import type { Alignment } from "./word-builder.ts";

/** What the vendor says of one utterance. */
export interface Spoken {
  /** 16-bit little-endian PCM; may end in the middle of a sample. */
  readonly audio: Uint8Array | undefined;
  readonly alignment: Alignment | undefined;
  /** Nothing follows. */
  readonly final: boolean;
}

/** A way for one utterance to and from the vendor, whatever carries it. Read it once. */
export interface SpeechChannel extends AsyncIterable<Spoken> {
  /** Has a piece of text spoken, at once. */
  say(text: string): void;
  /** Says that more text is to come. */
  keepAlive(): void;
  /** Says that no more text will come. */
  finish(): void;
  /** Follows the vendor's pace. @throws RoomKitError `aborted`. */
  drain(signal: AbortSignal): Promise<void>;
  /** Ends it, whatever state it is in. Calling it again does nothing. */
  close(): void;
}
