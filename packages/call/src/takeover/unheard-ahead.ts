import type { HeardLedger } from "@roomkit/core";
import { AHEAD_MS, type SayingRecord, STEP_MS } from "./call-record.ts";

/** How much of a text will not have been heard, from now on, where that changes. */
export function unheardAhead(ledger: HeardLedger, playedMs: number): SayingRecord["unheard"] {
  const ahead: [number, number][] = [];
  for (let ms = Math.floor(playedMs); ms <= playedMs + AHEAD_MS; ms += STEP_MS) {
    const chars = ledger.heardAt(ms).unheard.length;
    if (ahead.at(-1)?.[1] !== chars) ahead.push([ms, chars]);
  }
  return ahead;
}

/** A text, split at what was heard of it after so many ms. */
export function splitAt(
  { text, unheard }: Pick<SayingRecord, "text" | "unheard">,
  playedMs: number,
): { readonly heard: string; readonly rest: string } {
  const [, chars] = unheard.findLast(([ms]) => ms <= playedMs) ?? unheard[0] ?? [0, text.length];
  const at = text.length - Math.min(chars, text.length);
  return { heard: text.slice(0, at).trim(), rest: text.slice(at).trim() };
}
