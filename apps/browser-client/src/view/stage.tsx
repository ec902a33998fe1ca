import { type CallState, useVoiceCall } from "@roomkit/react";
import type { JSX } from "react";
import { useAttending } from "../call/attending.ts";
import { whoTalks } from "../model/attending.ts";
import { Icon } from "./icons.tsx";
import { TakeOver } from "./take-over.tsx";

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
export function Stage(): JSX.Element {
  const { state, muted, connected, hasMicrophone, error, microphoneError, openMicrophone } = useVoiceCall();
  const shown: Shown = state === "listening" && muted ? "muted" : state;
  const deaf = connected && !hasMicrophone && shown === "listening";
  const attending = useAttending();
  const { title, text } =
    attending && shown === "listening"
      ? { title: attending.mode === "talk" ? "You speak" : "Listening", text: whoTalks(attending) }
      : words[shown];
  return (
    <section className="stage" data-state={shown} aria-label="State of the call">
      <div className="glyph" aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
        <i />
      </div>
      <div role="status">
        <h1 className="state">{title}</h1>
        <p className="state-text">{deaf ? "No microphone: type, or send a sample." : text}</p>
      </div>
      {/* Stays when the banner that says why, and offers the same, is dismissed. */}
      {connected && microphoneError && error !== microphoneError && (
        <button
          type="button"
          className="small stage-action"
          data-does="microphone"
          onClick={() => void openMicrophone()}
        >
          <Icon name="mic" />
          Try the microphone again
        </button>
      )}
      <TakeOver />
    </section>
  );
}
