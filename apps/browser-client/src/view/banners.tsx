import { useVoiceCall } from "@roomkit/react";
import type { JSX } from "react";
import { Icon } from "./icons.tsx";

/** What went wrong, in words, and what to do about it. */
export function ProblemBanner(): JSX.Element {
  const { error, microphoneError, active, start, openMicrophone, dismissError } = useVoiceCall();
  // The microphone can be tried again in the call, all else with a new one.
  const deaf = error !== undefined && error === microphoneError;
  return (
    <div role="alert">
      {error && (
        <div className="banner problem">
          <Icon name="warn" />
          <p>
            {error.hint} <small>({error.code})</small>
          </p>
          {(deaf || (error.retryable && !active)) && (
            <button
              type="button"
              className="small"
              data-does={deaf ? "microphone" : "start"}
              onClick={() => void (deaf ? openMicrophone() : start())}
            >
              <Icon name="retry" />
              Try again
            </button>
          )}
          <button type="button" className="quiet" data-does="dismiss" aria-label="Dismiss" onClick={dismissError}>
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}

/** Browsers keep a page silent that nobody has touched. */
export function SilencedBanner(): JSX.Element | null {
  const { resumeSound } = useVoiceCall();
  if (resumeSound === undefined) return null;
  return (
    <div className="banner" role="alert">
      <Icon name="sound" />
      <p>Your browser is holding the sound back.</p>
      <button type="button" className="small" data-does="resume" onClick={resumeSound}>
        Turn sound on
      </button>
    </div>
  );
}
