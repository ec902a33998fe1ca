import { type CallState, useVoiceCall, useVoiceEvent } from "@roomkit/react";
import { useCallback, useRef } from "react";
import { dismissal } from "../model/dismissal.ts";
import type { Settings } from "../model/settings.ts";

/** Writes into the conversation what happens to the call. Gives what carries the call on over another transport, which it tells of too. */
export function useNotices(): (transport: Settings["transport"]) => void {
  const { note, restart, active } = useVoiceCall();
  /** The call has had a session over the connection under way. */
  const again = useRef(false);
  const changing = useRef(false);
  useVoiceEvent("state", ({ state, previous, reason }) => {
    if (state === "connecting") again.current = false;
    if (state === "listening" && previous === "connecting")
      note(changing.current ? "Connected, in a new conversation" : "Call started");
    if (state === "ended" && (previous !== "connecting" || changing.current))
      note(reason === "client_closed" ? "You ended the call" : "The call ended");
    if (isSettled(state)) changing.current = false;
  });
  useVoiceEvent("session", ({ resumed }) => {
    if (again.current) note(resumed ? "Connected again" : "Connected again, in a new conversation");
    again.current = true;
  });
  useVoiceEvent("dismissed", ({ cause, resumed }) => note(dismissal(cause, resumed)));
  return useCallback(
    (transport) => {
      if (!active) return;
      if (!changing.current) note("Changing the connection");
      changing.current = true;
      void restart({ transport });
    },
    [active, note, restart],
  );
}

const isSettled = (state: CallState): boolean => state === "listening" || state === "ended";
