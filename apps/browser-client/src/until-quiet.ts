import type { ReadonlySignal } from "@preact/signals";
import type { CallState } from "@roomkit/client";

/** So long must the assistant have been silent before a recording is sent, ms. */
const QUIET_MS = 600;
/** It is sent after this long in any case, ms. */
const MAX_WAIT_MS = 12_000;

/** Waits until nobody is speaking: a recording should not talk over a greeting. */
export function untilQuiet(state: ReadonlySignal<CallState>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const done = (): void => {
      clearTimeout(timer);
      clearTimeout(limit);
      stop();
      resolve();
    };
    const limit = setTimeout(done, MAX_WAIT_MS);
    signal.addEventListener("abort", done, { once: true });
    const stop = state.subscribe((now) => {
      clearTimeout(timer);
      if (now === "listening") timer = setTimeout(done, QUIET_MS);
    });
  });
}
