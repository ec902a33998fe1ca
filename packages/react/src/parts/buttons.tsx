import type { JSX } from "react";
import { useVoiceCall } from "../hooks.ts";
import { ActionButton, type ButtonProps } from "./button.tsx";

/** Starts a call, and ends it. `children` stand for its words: "Start call", "Cancel", "End call". */
export function CallButton({ children, ...rest }: ButtonProps): JSX.Element {
  const { state, active, start, end } = useVoiceCall();
  const words = state === "connecting" ? "Cancel" : active ? "End call" : "Start call";
  return (
    <ActionButton does={active ? "end" : "start"} act={() => void (active ? end() : start())} {...rest}>
      {children ?? words}
    </ActionButton>
  );
}

/** Mutes the microphone: one name, pressed or not. */
export function MuteButton({ children = "Mute", ...rest }: ButtonProps): JSX.Element {
  const { muted, connected, hasMicrophone, mute, unmute } = useVoiceCall();
  return (
    <ActionButton
      does={muted ? "unmute" : "mute"}
      act={muted ? unmute : mute}
      aria-pressed={muted}
      disabled={connected && !hasMicrophone}
      {...rest}
    >
      {children}
    </ActionButton>
  );
}

/** Stops what the assistant is saying. */
export function InterruptButton({ children = "Interrupt", ...rest }: ButtonProps): JSX.Element {
  const { state, interrupt } = useVoiceCall();
  return (
    <ActionButton does="interrupt" act={interrupt} disabled={state !== "speaking"} {...rest}>
      {children}
    </ActionButton>
  );
}
