import type { JSX } from "preact";
import type { CallStore } from "../call-store.ts";
import { Icon } from "./icons.tsx";

/** What went wrong, in words, and what to do about it. */
export function ProblemBanner({ store }: { readonly store: CallStore }): JSX.Element {
  const problem = store.problem.value;
  const retry = problem?.retryable && !store.active.value;
  return (
    <div role="alert">
      {problem && (
        <div class="banner problem">
          <Icon name="warn" />
          <p>
            {problem.hint} <small>({problem.code})</small>
          </p>
          {retry && (
            <button type="button" class="small" data-does="start" onClick={() => void store.start()}>
              <Icon name="retry" />
              Try again
            </button>
          )}
          <button
            type="button"
            class="quiet"
            data-does="dismiss"
            aria-label="Dismiss"
            onClick={() => (store.problem.value = undefined)}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}

/** Browsers keep a page silent that nobody has touched. */
export function SilencedBanner({ store }: { readonly store: CallStore }): JSX.Element | null {
  const resume = store.silenced.value;
  if (resume === undefined) return null;
  return (
    <div class="banner" role="alert">
      <Icon name="sound" />
      <p>Your browser is holding the sound back.</p>
      <button type="button" class="small" data-does="resume" onClick={resume}>
        Turn sound on
      </button>
    </div>
  );
}
