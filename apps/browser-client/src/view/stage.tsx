import type { CallState } from "@roomkit/client";
import type { JSX } from "preact";
import type { CallStore } from "../call-store.ts";

type Shown = CallState | "muted";

const words: Readonly<Record<Shown, { readonly title: string; readonly text: string }>> = {
  idle: { title: "Ready", text: "Start a call and say hello. Your browser will ask for the microphone." },
  connecting: { title: "Connecting", text: "If your browser asks, allow the microphone." },
  listening: { title: "Listening", text: "Go ahead and speak." },
  muted: { title: "Muted", text: "Nothing you say is sent." },
  thinking: { title: "Thinking", text: "Working out an answer." },
  speaking: { title: "Speaking", text: "You may interrupt at any time." },
  reconnecting: { title: "Reconnecting", text: "The connection dropped. Getting it back." },
  ended: { title: "Call ended", text: "Start another whenever you like." },
};

/** The one thing to see at a glance: what the call is doing. */
export function Stage({ store }: { readonly store: CallStore }): JSX.Element {
  const state = store.state.value;
  const muted = state === "listening" && store.muted.value;
  const shown: Shown = muted ? "muted" : state;
  const deaf = store.connected.value && !store.hasMicrophone.value && shown === "listening";
  const { title, text } = words[shown];
  return (
    <section class="stage" data-state={shown} aria-label="State of the call">
      <div class="glyph" aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
        <i />
      </div>
      <div role="status">
        <h1 class="state">{title}</h1>
        <p class="state-text">{deaf ? "No microphone: type, or send a sample." : text}</p>
      </div>
    </section>
  );
}
