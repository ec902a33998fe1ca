/** What the process of the callers is told, one after the other. */
export type CallerRequest =
  | {
      readonly type: "connect";
      /** Takes `{ sdp, type, webrtc_id }` and gives `{ sdp, type }`. */
      readonly url: string;
      readonly sessions: number;
      readonly warmMs: number;
      /** Share of the audio packets to the server that are lost, 0 to 1. */
      readonly loss: number;
      /** Added to every packet in both directions, ms. Without it and without loss there is no relay. */
      readonly delayMs: number;
    }
  | { readonly type: "measure"; readonly ms: number }
  | { readonly type: "close" };

/** What it answers; each field where it belongs. */
export interface CallerAnswer {
  /** From the offer's post to the open connection, ms. */
  readonly connectMs?: readonly number[];
  /** Connections that were begun; more than there are sessions when some failed and were begun again. */
  readonly attempts?: number;
  /** From the sending of the first packet of a sound to the arrival of its echo, ms. */
  readonly delays?: readonly number[];
  /** Audio packets of echo that came. */
  readonly packets?: number;
  /** Audio packets the relay dropped. */
  readonly lost?: number;
}
