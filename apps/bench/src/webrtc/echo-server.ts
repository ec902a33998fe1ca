import type { Ears } from "./sounds.ts";

/** Hz of decoded audio on every server. */
export const RATE = 24_000;

/** A server under measurement, in this process: whoever calls hears themselves. */
export interface EchoServer {
  /** Where offers are posted. */
  readonly url: string;
  readonly ears: Ears;
  /** Processes of its own that do a part of its work; undefined when it may have some and the system does not tell which. */
  readonly processes: readonly number[] | undefined;
  /** What the audio receivers of all sessions made up for lost packets so far. */
  madeUp(): { readonly ms: number; readonly packets: number };
  close(): Promise<void>;
}
