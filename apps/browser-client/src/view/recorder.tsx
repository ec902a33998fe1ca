import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { CallStore } from "../call-store.ts";
import type { Settings } from "../model/settings.ts";

interface RecorderProps {
  readonly store: CallStore;
  readonly settings: Signal<Settings>;
}

/** Records the call at the server once somebody has said that everybody agrees, and plays what was recorded. */
export function Recorder({ store, settings }: RecorderProps): JSX.Element | null {
  const { desk } = store;
  const asking = useSignal(false);
  const { state, address } = desk.recording.value;
  if (state === "done" && address !== undefined) {
    const url = new URL(address, new URL(settings.value.server, location.href));
    return (
      <section class="recorder" aria-label="Recording">
        {/* biome-ignore lint/a11y/useMediaCaption: the conversation stands beside it */}
        <audio controls preload="metadata" src={url.href} aria-label="The recorded call" />
        <p>
          <a href={url.href} download="call.wav">
            Download
          </a>
          <button type="button" class="link" onClick={() => void desk.forget(url)}>
            Delete
          </button>
        </p>
      </section>
    );
  }
  if (!store.connected.value || desk.stages.value === undefined) return null;
  if (state === "off") {
    const close = (): void => {
      asking.value = false;
    };
    return (
      <section class="recorder" aria-label="Recording">
        {asking.value ? (
          <fieldset>
            <legend>
              Your voice and the assistant's are recorded at the server. Does everybody who is heard agree?
            </legend>
            <button
              type="button"
              class="solid"
              onClick={() => {
                close();
                desk.record("start");
              }}
            >
              Yes, record
            </button>
            <button type="button" class="link" onClick={close}>
              No
            </button>
          </fieldset>
        ) : (
          <button type="button" class="link" onClick={() => (asking.value = true)}>
            Record this call
          </button>
        )}
      </section>
    );
  }
  return (
    <section class="recorder" aria-label="Recording">
      <p role="status">
        <i class={`lamp ${state}`} aria-hidden="true" />
        {state === "recording" ? "Recording" : "Recording paused"}
      </p>
      <p>
        <button type="button" class="link" onClick={() => desk.record(state === "recording" ? "pause" : "resume")}>
          {state === "recording" ? "Pause" : "Go on"}
        </button>
        <button type="button" class="link" onClick={() => desk.record("stop")}>
          Stop recording
        </button>
      </p>
    </section>
  );
}
