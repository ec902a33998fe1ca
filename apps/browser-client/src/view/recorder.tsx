import { useVoiceCall } from "@roomkit/react";
import { type JSX, useState } from "react";
import type { Desk } from "../call/desk.ts";

interface RecorderProps {
  readonly desk: Desk;
  /** Where the server is; what was recorded is there. */
  readonly server: string;
}

/** Records the call at the server once somebody has said that everybody agrees, and plays what was recorded. */
export function Recorder({ desk, server }: RecorderProps): JSX.Element | null {
  const { connected } = useVoiceCall();
  const [asking, setAsking] = useState(false);
  const { state, address } = desk.recording;
  if (state === "done" && address !== undefined) {
    const url = new URL(address, new URL(server, location.href));
    return (
      <section className="recorder" aria-label="Recording">
        {/* biome-ignore lint/a11y/useMediaCaption: the conversation stands beside it */}
        <audio controls preload="metadata" src={url.href} aria-label="The recorded call" />
        <p>
          <a href={url.href} download="call.wav">
            Download
          </a>
          <button type="button" className="link" onClick={() => void desk.forget(url)}>
            Delete
          </button>
        </p>
      </section>
    );
  }
  if (!connected || desk.stages === undefined) return null;
  if (state === "off") {
    const close = (): void => {
      setAsking(false);
    };
    return (
      <section className="recorder" aria-label="Recording">
        {asking ? (
          <fieldset>
            <legend>
              Your voice and the assistant's are recorded at the server. Does everybody who is heard agree?
            </legend>
            <button
              type="button"
              className="solid"
              onClick={() => {
                close();
                desk.record("start");
              }}
            >
              Yes, record
            </button>
            <button type="button" className="link" onClick={close}>
              No
            </button>
          </fieldset>
        ) : (
          <button type="button" className="link" onClick={() => setAsking(true)}>
            Record this call
          </button>
        )}
      </section>
    );
  }
  return (
    <section className="recorder" aria-label="Recording">
      <p role="status">
        <i className={`lamp ${state}`} aria-hidden="true" />
        {state === "recording" ? "Recording" : "Recording paused"}
      </p>
      <p>
        <button type="button" className="link" onClick={() => desk.record(state === "recording" ? "pause" : "resume")}>
          {state === "recording" ? "Pause" : "Go on"}
        </button>
        <button type="button" className="link" onClick={() => desk.record("stop")}>
          Stop recording
        </button>
      </p>
    </section>
  );
}
