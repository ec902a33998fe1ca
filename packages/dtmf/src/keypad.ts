import type { DtmfEvent } from "@roomkit/core";

/** Hz, ITU-T Q.23: the low group, a row of the keypad each, then the high group, a column each. */
export const FREQUENCIES = [697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633] as const;

/** Tones in a group. */
export const GROUP = 4;

const DIGITS = ["1", "2", "3", "A", "4", "5", "6", "B", "7", "8", "9", "C", "*", "0", "#", "D"] as const;

/** The digit in this row and column, 0 to 3 each. */
export function digitAt(row: number, column: number): DtmfEvent["digit"] {
  return DIGITS[row * GROUP + column] as DtmfEvent["digit"];
}

/** The two frequencies of a digit, Hz; undefined for what is none. */
export function frequenciesOf(digit: string): readonly [low: number, high: number] | undefined {
  const at = (DIGITS as readonly string[]).indexOf(digit);
  if (at < 0) return undefined;
  return [FREQUENCIES[at >> 2] as number, FREQUENCIES[GROUP + (at & 3)] as number];
}
