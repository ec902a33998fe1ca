import type { JSX, RefObject } from "preact";
import type { CallStore } from "../call-store.ts";
import { samples } from "../model/samples.ts";
import { Icon } from "./icons.tsx";

interface ComposerProps {
  readonly store: CallStore;
  readonly textBox: RefObject<HTMLInputElement | null>;
}

/** For those who cannot or would rather not speak: a text box, and a recording to send. */
export function Composer({ store, textBox }: ComposerProps): JSX.Element {
  const connected = store.connected.value;
  const sending = store.sending.value;
  const sample = samples[store.nextSample.value % samples.length];
  const submit = (event: Event): void => {
    event.preventDefault();
    const box = textBox.current;
    if (box && store.say(box.value)) box.value = "";
  };
  return (
    <div class="composer">
      <form onSubmit={submit}>
        <label class="unseen" for="say">
          Write to the assistant
        </label>
        <input
          id="say"
          ref={textBox}
          type="text"
          maxLength={8_192}
          autocomplete="off"
          enterkeyhint="send"
          placeholder={
            connected ? "Write instead of speaking" : store.active.value ? "Connecting" : "Start a call to write"
          }
          disabled={!connected}
          aria-keyshortcuts="/"
        />
        <button type="submit" class="primary round" disabled={!connected} aria-label="Send">
          <Icon name="send" />
        </button>
      </form>
      <button
        type="button"
        class="sample"
        data-does={sending === undefined ? "sample" : "stop sample"}
        onClick={() => void store.sendSample()}
        disabled={store.active.value && !connected}
        aria-busy={sending !== undefined}
      >
        <Icon name="wave" />
        {sending === undefined ? (
          <span>
            No microphone? Send a sample: <q>{sample?.text}</q>
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
