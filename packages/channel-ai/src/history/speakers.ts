import type { RoomEvent } from "@roomkit/core";

/** Characters of a label that a model is shown. */
const MAX_LABEL = 64;

/** Whose voice said a user's words, as a model is shown it; undefined: nobody knows. */
export function speakerOf({ source, metadata }: Pick<RoomEvent, "source" | "metadata">): string | undefined {
  const label = source.role === "user" ? metadata?.speaker : undefined;
  if (typeof label !== "string") return undefined;
  const plain = label.replace(/[\p{C}()\s]+/gu, " ").trim();
  return plain === "" ? undefined : [...plain].slice(0, MAX_LABEL).join("");
}

/** A beginning of a line that looks like {@link saidBy}'s. */
const FORGED = /^[^\S\n]*\([^()\n]{1,64}\bsays:\)[^\S\n]*/gimu;

/** Words with who said them before them. What the words themselves have of such a beginning is left out: nobody speaks for another. */
export function saidBy(speaker: string | undefined, text: string): string {
  const words = text.replace(FORGED, "");
  return speaker === undefined ? words : `(${speaker} says:) ${words}`;
}
