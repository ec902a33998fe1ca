import { useVoiceCall, useVoiceEvent } from "@roomkit/react";
import { createContext, useCallback, useContext, useMemo, useState } from "react";
import { type Attending, readAttending } from "../model/attending.ts";

/** The name of an operator's messages. */
const OPERATOR = "operator";

export interface AttendingCall extends Attending {
  /** Takes the caller over, or gives the call back to the assistant. */
  setMode(mode: Attending["mode"]): void;
}

/** Undefined where this page's person is the caller. */
export const AttendingContext = createContext<AttendingCall | undefined>(undefined);

export const useAttending = (): AttendingCall | undefined => useContext(AttendingContext);

/** What the server says of a call that is attended, until the next one begins: the lines of the last are still to be read. */
export function useAttended(): AttendingCall | undefined {
  const { sendData } = useVoiceCall();
  const [attending, setAttending] = useState<Attending>();
  useVoiceEvent("state", ({ state }) => {
    if (state === "connecting") setAttending(undefined);
  });
  useVoiceEvent("data", ({ name, payload }) => {
    const read = name === OPERATOR ? readAttending(payload) : undefined;
    if (read) setAttending(read);
  });
  const setMode = useCallback((mode: Attending["mode"]) => void sendData(OPERATOR, { mode }), [sendData]);
  return useMemo(() => attending && { ...attending, setMode }, [attending, setMode]);
}
