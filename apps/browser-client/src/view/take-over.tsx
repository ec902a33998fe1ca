import { useVoiceCall } from "@roomkit/react";
import type { JSX } from "react";
import { useAttending } from "../call/attending.ts";
import { Icon } from "./icons.tsx";

/** For who attends a call: speak with the caller, and give the call back. */
export function TakeOver(): JSX.Element | null {
  const { connected } = useVoiceCall();
  const attending = useAttending();
  if (!attending || !connected) return null;
  const talks = attending.mode === "talk";
  return (
    <button
      type="button"
      className="small stage-action"
      data-does="take over"
      onClick={() => attending.setMode(talks ? "listen" : "talk")}
    >
      <Icon name={talks ? "hangup" : "mic"} />
      {talks ? "Give the call back" : "Speak with the caller"}
    </button>
  );
}
