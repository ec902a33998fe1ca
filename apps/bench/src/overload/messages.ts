import type { Listened } from "../webrtc/speakers.ts";

/** What the process of the callers is told, one after the other. */
export type CrowdRequest =
  | {
      readonly type: "call";
      readonly url: string;
      readonly calls: number;
      /** New calls a second. */
      readonly rate: number;
      /** From a refusal to the next try, ms. */
      readonly againMs: number;
    }
  | { readonly type: "measure"; readonly ms: number }
  | { readonly type: "close" };

/** How the calls stand. */
export interface CrowdAnswer extends Partial<Listened> {
  /** Calls that are connected. */
  readonly taken?: number | undefined;
  /** Offers that were refused so far, by status and code: `503 server_busy`. */
  readonly refusals?: Readonly<Record<string, number>> | undefined;
  /** Offers so far that were answered, or not, without a connection coming of it. */
  readonly failed?: number | undefined;
  /** From the post of the offer that was answered to the open connection, ms. */
  readonly connectMs?: readonly number[] | undefined;
}
