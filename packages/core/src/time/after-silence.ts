import type { Cancel, Clock } from "./clock.ts";

/** A timer later than this, in ms, tells of a process that was held up, not of a peer that was silent. */
const LATE_MS = 50;
/** So often a late timer waits once more; a process that is always late still comes to its end. */
const MOST_LATE = 10;

/**
 * Calls `then` when a peer was silent for `ms`; whoever hears something cancels. After the event loop has been held up, timers run before
 * what came meanwhile is read, so what there is to read is read once more before anything is told, also by a timer that is not late: it may
 * have come due at the end of a long stall. A late one waits longer.
 */
export function afterSilence(clock: Clock, ms: number, then: () => void): Cancel {
  let cancel: Cancel = () => {};
  let late = 0;
  const wait = (waitMs: number): void => {
    const due = clock.now() + Math.max(0, waitMs);
    cancel = clock.setTimeout(() => {
      if (clock.now() - due > LATE_MS && late++ < MOST_LATE) wait(LATE_MS);
      else cancel = clock.setTimeout(then, 0);
    }, waitMs);
  };
  wait(ms);
  return () => cancel();
}
