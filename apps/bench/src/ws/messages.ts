/** What the load process is told, one after the other. */
export type LoadRequest =
  /** Connects callers and lets them speak for `warmMs`. */
  | { readonly type: "connect"; readonly url: string; readonly sessions: number; readonly warmMs: number }
  | { readonly type: "measure"; readonly ms: number }
  | { readonly type: "close" };

/** What it answers; filled in for `measure` only. */
export interface LoadAnswer {
  /** How much later than on an ideal clock each message came, ms. */
  readonly lateness?: readonly number[] | undefined;
  /** From the sending of a sound's first frame to the arrival of its echo, ms. */
  readonly delays?: readonly number[] | undefined;
  /** Callers whose socket is still open. */
  readonly open?: number | undefined;
}
