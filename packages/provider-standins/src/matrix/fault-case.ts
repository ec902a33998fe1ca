import type { Clock } from "@roomkit/core";
import type { ProviderErrorKind, RetryOptions } from "@roomkit/provider-utils";
import type { Route } from "../server/route.ts";
import type { StandIn } from "../server/stand-in.ts";

/** One requirement as a test of its own, for any test runner: `for (const { name, run } of cases) it(name, run)`. */
export interface FaultCase {
  readonly name: string;
  /** Resolves when the requirement is met, rejects with what was found instead. */
  run(): Promise<void>;
}

/** A clock that a test moves; `VirtualClock` of @roomkit/testing is one. */
export interface MovableClock extends Clock {
  advance(ms: number): Promise<void>;
  readonly pendingTimers: number;
}

/** What the provider of one operation must be made with. */
export interface Operation {
  readonly standIn: StandIn;
  readonly clock: MovableClock;
  readonly signal: AbortSignal;
  readonly key: string;
  readonly retry: RetryOptions;
  /** Longest wait for the first sign of an answer, ms. */
  readonly firstByteMs: number;
  /** Longest wait between two, ms. */
  readonly stallMs: number;
  /** Tells operations that run at the same time apart, from 0: each must ask for something else. */
  readonly variant: number;
}

export interface FaultMatrixOptions {
  readonly createClock: () => MovableClock;
  /** Fresh routes for a fresh stand-in. The first is the one under test. */
  readonly routes: () => readonly [Route, ...Route[]];
  /** One whole operation of a provider made for it: an answer, an utterance, a transcription. */
  readonly operate: (operation: Operation) => AsyncIterable<unknown>;
  /** Whether these are all items of the right answer to this variant. */
  readonly complete: (items: readonly unknown[], variant: number) => boolean;
  /** How many frames the stand-in sends in a whole answer, >= 1. */
  readonly frames: number;
  /** Whether items come before the answer is complete. Default true. */
  readonly streaming?: boolean | undefined;
  /** Bytes that are no frame of this protocol; absent where everything is one (raw audio). */
  readonly malformed?: string | Uint8Array | undefined;
  /** What the route's error frame means; absent where errors do not come in the stream. */
  readonly inbandError?: ProviderErrorKind | undefined;
  /** Whether an answer that ends too early can be told from one that is complete. Default true. */
  readonly eofDetectable?: boolean | undefined;
  /** How long any single wait may take before it counts as hanging, in ms of real time. Default 60,000. */
  readonly patienceMs?: number | undefined;
  /** Kinds that differ for this vendor, by the case's fault: `403`, `close 1008`, `close 1000 after 2`, `half-open`. `none`: no failure. */
  readonly kinds?: Readonly<Record<string, ProviderErrorKind | "none">> | undefined;
}

/** A requirement that was not met. */
export class FaultMatrixFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FaultMatrixFailure";
  }
}

/** @throws FaultMatrixFailure when `condition` does not hold. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new FaultMatrixFailure(message);
}
