import type { Machine } from "../measure/machine.ts";
import type { BenchResult } from "../measure/report.ts";

/** All rows of one run, as it is written. */
export interface Report {
  readonly at: string;
  readonly quick: boolean;
  readonly machine: Machine;
  /** Of what the figures depend on most. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly MeasuredRow[];
}

export interface MeasuredRow {
  readonly row: string;
  readonly title: string;
  /** After `npm run bench -- `. */
  readonly command: string;
  /** When it was measured, and of which sources: in a recorded report rows may be of several runs. */
  readonly at: string;
  readonly commit: string;
  /** Of the machine over a minute, before the row began. */
  readonly load: number;
  readonly seconds: number;
  readonly result?: BenchResult | undefined;
  /** Why there is no result. */
  readonly error?: string | undefined;
}
