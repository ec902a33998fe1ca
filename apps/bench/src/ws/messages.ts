/** What a load client is told, one after the other. */
export type LoadRequest =
  /** Connects callers, who speak from then on. */
  | { readonly type: "connect"; readonly url: string; readonly calls: number }
  | { readonly type: "measure"; readonly ms: number }
  /** Calls of 60 ms (with `talk`), or handshakes alone, `atOnce` at a time. */
  | {
      readonly type: "storm";
      readonly url: string;
      readonly calls: number;
      readonly atOnce: number;
      readonly talk: boolean;
    }
  | { readonly type: "close" };

/** How many values fell into tenths of a millisecond: the upper end of each, in tenths, and the count. */
export type Bins = readonly (readonly [tenths: number, count: number])[];

export interface Listened {
  readonly sent: number;
  readonly received: number;
  readonly soundsSent: number;
  readonly soundsHeard: number;
  /** Frames of sounds that were not the ones sent. */
  readonly garbled: number;
  /** Callers who are still connected. */
  readonly open: number;
  /** What the client itself cost, ms. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Of the call whose echo moved most: between the least delay of the first fifth of the measurement and that of the last, ms. */
  readonly driftMs: number;
  /** From the sending of each frame of a sound to its echo. */
  readonly delays: Bins;
  /** How much later than on an ideal clock each frame came, against the earliest of the same two seconds of its call. */
  readonly lateness: Bins;
}

export interface Stormed {
  readonly over: number;
  readonly failed: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}
