import { RoomKitError, withTimeout } from "@roomkit/core";
import { settle } from "../settle.ts";

/**
 * One requirement of a contract as a test of its own, for any test runner:
 * `for (const { name, run } of sttConformance(options)) it(name, run)`.
 */
export interface ConformanceCase {
  /** What is required, as a sentence that begins with its subject. */
  readonly name: string;
  /** Resolves when the requirement is met, rejects with what was found instead. */
  run(): Promise<void>;
}

/** A requirement that was not met. */
export class ConformanceFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConformanceFailure";
  }
}

/** @throws ConformanceFailure when `condition` does not hold. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ConformanceFailure(message);
}

/**
 * Checks that `promise` rejects with a RoomKitError of this code.
 *
 * @throws ConformanceFailure when it resolves, rejects otherwise, or does neither within `ms` of real time.
 */
export async function checkRejects(promise: Promise<unknown>, code: string, ms: number, what: string): Promise<void> {
  let thrown: unknown;
  try {
    await withTimeout(promise, ms, { what });
  } catch (error) {
    thrown = error;
  }
  check(thrown !== undefined, `${what} must fail with ${code}, but it succeeded`);
  const found = RoomKitError.is(thrown) ? thrown.code : String(thrown);
  check(found === code, `${what} must fail with ${code}, not with ${found}`);
}

/** Waits for `promise`; what takes longer than `ms` of real time hangs, and fails the case. */
export function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  return withTimeout(promise, ms, { what });
}

/** Waits until `predicate` holds. @throws ConformanceFailure when it does not within `ms` of real time. */
export async function until(predicate: () => boolean, ms: number, what: string): Promise<void> {
  const deadline = performance.now() + ms;
  while (!predicate()) {
    check(performance.now() < deadline, `${what} did not happen within ${ms} ms`);
    await settle(1);
  }
}

/** Cases use two of a thing, to tell one answer from another. @throws RoomKitError `invalid_option`. */
export function assertTwo(owner: string, name: string, given: readonly unknown[]): void {
  if (given.length < 2) throw new RoomKitError("invalid_option", `${owner}: ${name} must be two, not ${given.length}`);
}
