import {
  CallButton,
  Connection,
  DevicePicker,
  InterruptButton,
  Meter,
  MuteButton,
  Transcript,
  useVoiceCall,
  VoiceCall,
} from "@roomkit/react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

function Problem() {
  const { error, dismissError } = useVoiceCall();
  if (!error) return null;
  return (
    <p role="alert">
      {error.hint}{" "}
      <button type="button" onClick={dismissError}>
        Dismiss
      </button>
    </p>
  );
}

/** For when it is too loud to speak. */
function Typing() {
  const { say, connected } = useVoiceCall();
  const [text, setText] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (say(text)) setText("");
      }}
    >
      <label>
        Or type <input value={text} onChange={({ target }) => setText(target.value)} disabled={!connected} />
      </label>
    </form>
  );
}

createRoot(document.querySelector("#root") as HTMLElement).render(
  <StrictMode>
    <VoiceCall url="/voice">
      <h1>Speak English</h1>
      <div className="controls">
        <CallButton />
        <MuteButton />
        <InterruptButton />
      </div>
      <div className="levels">
        You <Meter of="input" /> Assistant <Meter of="output" />
      </div>
      <Problem />
      <Transcript empty="Nothing has been said." />
      <Typing />
      <DevicePicker of="input" />
      <Connection />
    </VoiceCall>
  </StrictMode>,
);
