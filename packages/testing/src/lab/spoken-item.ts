/** What a sound is to whoever judges the call: words that want the floor, words that do not, or none. */
export type SoundKind = "speech" | "backchannel" | "noise";

/** Something that sounded at the microphone: its audible part, ms of the call. */
export interface SpokenItem {
  /** Whose script it was. */
  readonly who: string;
  readonly kind: SoundKind;
  /** As the trace has it: `says`, `coughs`, `presses 1`. */
  readonly what: string;
  readonly text: string;
  readonly fromMs: number;
  readonly toMs: number;
}
