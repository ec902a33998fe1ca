import { CallButton, InterruptButton, MuteButton, useVoiceCall, useVoiceEvent } from "@roomkit/react";
import { type JSX, useLayoutEffect, useRef } from "react";
import { Icon } from "./icons.tsx";

export function Controls(): JSX.Element {
  const { state, active, muted } = useVoiceCall();
  const controls = useRef<HTMLDivElement>(null);
  useSteadyFocus(active, controls);
  return (
    <div className={active ? "controls in-call" : "controls"} ref={controls}>
      {active && (
        <MuteButton className="control" aria-keyshortcuts="Space M">
          <Icon name={muted ? "mic-off" : "mic"} />
          Mute
          <Key>Space</Key>
        </MuteButton>
      )}
      {active && (
        <InterruptButton className="control" aria-keyshortcuts="I">
          <Icon name="stop" />
          Interrupt
          <Key>I</Key>
        </InterruptButton>
      )}
      {/* One button all along, so that who pressed it still stands on it. */}
      <CallButton className={active ? "control end" : "primary"} aria-keyshortcuts={active ? "Escape" : undefined}>
        <Icon name={active ? "hangup" : "phone"} />
        {active ? (state === "connecting" ? "Cancel" : "End") : state === "ended" ? "Start another call" : "Start call"}
        {active && <Key>Esc</Key>}
      </CallButton>
    </div>
  );
}

function Key({ children }: { readonly children: string }): JSX.Element {
  return (
    <span className="key" aria-hidden="true">
      {children}
    </span>
  );
}

/**
 * Who started the call stands on "Mute" in it, where Space does what it does anywhere, and not on "End"; who stood on something that the
 * call's end takes away goes on at the button that starts another.
 */
function useSteadyFocus(active: boolean, controls: { readonly current: HTMLElement | null }): void {
  const stood = useRef<Element | null>(null);
  // Told before anything of it is drawn.
  useVoiceEvent("state", () => {
    stood.current = document.activeElement;
  });
  useLayoutEffect(() => {
    const before = stood.current;
    const gone = before !== null && (!before.isConnected || before.matches(":disabled"));
    const started = active && before !== null && controls.current?.contains(before);
    if (active ? started : gone) controls.current?.querySelector("button")?.focus();
  }, [active, controls]);
}
