import { useVoiceCall } from "@roomkit/react";
import type { FormEvent, JSX, RefObject } from "react";
import { useAttending } from "../call/attending.ts";
import { useSamples } from "../call/samples.ts";
import { Icon } from "./icons.tsx";

/** For those who cannot or would rather not speak: a text box, and a recording to send. */
export function Composer({ textBox }: { readonly textBox: RefObject<HTMLInputElement | null> }): JSX.Element {
  const { connected, active, say } = useVoiceCall();
  const { next, sending, send } = useSamples();
  const invitation = useAttending() ? "Tell the assistant, unheard by the caller" : "Write instead of speaking";
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const box = textBox.current;
    if (box && say(box.value)) box.value = "";
  };
  return (
    <div className="composer">
      <form onSubmit={submit}>
        <label className="unseen" htmlFor="say">
          Write to the assistant
        </label>
        <input
          id="say"
          ref={textBox}
          type="text"
          maxLength={8_192}
          autoComplete="off"
          enterKeyHint="send"
          placeholder={connected ? invitation : active ? "Connecting" : "Start a call to write"}
          disabled={!connected}
          aria-keyshortcuts="/"
        />
        <button type="submit" className="primary round" disabled={!connected} aria-label="Send">
          <Icon name="send" />
        </button>
      </form>
      <button
        type="button"
        className="sample"
        data-does={sending === undefined ? "sample" : "stop sample"}
        onClick={send}
        disabled={active && !connected}
        aria-busy={sending !== undefined}
      >
        <Icon name="wave" />
        {sending === undefined ? (
          <span>
            No microphone? Send a sample: <q>{next}</q>
          </span>
        ) : (
          <span>
            Sending <q>{sending}</q> Press to stop.
          </span>
        )}
      </button>
    </div>
  );
}
