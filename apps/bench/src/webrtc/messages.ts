import type { CallTarget } from "./caller.ts";
import type { Listened } from "./speakers.ts";

/** What the process of the callers is told, one after the other. */
export type CallerRequest =
  | (CallTarget & { readonly type: "connect"; readonly sessions: number; readonly warmMs: number })
  | { readonly type: "measure"; readonly ms: number }
  | { readonly type: "close" };

/** What it answers; each field where it belongs. */
export interface CallerAnswer extends Partial<Listened> {
  /** From the offer's post to the open connection, ms. */
  readonly connectMs?: readonly number[] | undefined;
  /** Connections that were begun; more than there are sessions when some failed and were begun again. */
  readonly attempts?: number | undefined;
}
