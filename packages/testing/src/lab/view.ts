import type { ClientView } from "./client-view.ts";
import type { Ear } from "./ear.ts";
import type { LabLine } from "./line.ts";
import type { SpokenItem } from "./spoken-item.ts";

/** What a call of the lab is like now. */
export interface LabView {
  readonly line: LabLine;
  /** What the assistant's audio was to the caller. */
  readonly ear: Ear;
  /** What the server told the client. */
  readonly client: ClientView;
  /** What sounded at the microphone, oldest first: what was said, and noises. */
  readonly said: readonly SpokenItem[];
  /** ms of the call; 0 before it began. */
  readonly now: number;
  /** When something was last heard of anybody, ms of the call. */
  readonly lastSoundMs: number;
}

/** Something that may hold in a call: looked at every 20 ms of it. */
export type LabCondition = (lab: LabView) => boolean;
