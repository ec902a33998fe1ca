import type { JSX } from "preact";
import type { CallStore } from "../call-store.ts";
import { Icon } from "./icons.tsx";

export function Controls({ store }: { readonly store: CallStore }): JSX.Element {
  const muted = store.muted.value;
  if (!store.active.value) {
    return (
      <div class="controls">
        <button type="button" class="primary" data-does="start" onClick={() => void store.start()}>
          <Icon name="phone" />
          {store.state.value === "ended" ? "Start another call" : "Start call"}
        </button>
      </div>
    );
  }
  return (
    <div class="controls in-call">
      <button
        type="button"
        class="control"
        data-does={muted ? "unmute" : "mute"}
        aria-pressed={muted}
        aria-keyshortcuts="Space M"
        disabled={!store.hasMicrophone.value && store.connected.value}
        onClick={() => store.toggleMute()}
      >
        <Icon name={muted ? "mic-off" : "mic"} />
        {muted ? "Unmute" : "Mute"}
        <span class="key" aria-hidden="true">
          Space
        </span>
      </button>
      <button
        type="button"
        class="control"
        data-does="interrupt"
        aria-keyshortcuts="I"
        disabled={store.state.value !== "speaking"}
        onClick={() => store.interrupt()}
      >
        <Icon name="stop" />
        Interrupt
        <span class="key" aria-hidden="true">
          I
        </span>
      </button>
      <button
        type="button"
        class="control end"
        data-does="end"
        aria-keyshortcuts="Escape"
        onClick={() => void store.end()}
      >
        <Icon name="hangup" />
        {store.state.value === "connecting" ? "Cancel" : "End"}
        <span class="key" aria-hidden="true">
          Esc
        </span>
      </button>
    </div>
  );
}
