import { type CallState, useVoiceCall, useVoiceEvent } from "@roomkit/react";
import { useCallback, useMemo, useRef, useState } from "react";
import { type DeskRecording, type DeskStage, readDeskMessage, type StageName } from "../model/desk.ts";

/** The name of the messages between page and server. */
export const SOUND = "sound";

/** What the server does to the caller's sound, where it shows that, and what a person can do. */
export interface Desk {
  /** Undefined where the server has no desk. */
  readonly stages: readonly DeskStage[] | undefined;
  readonly recording: DeskRecording;
  /** Somebody looks at the levels, or does not any more. */
  watch(on: boolean): void;
  switchStage(role: StageName, on: boolean): void;
  record(action: "start" | "pause" | "resume" | "stop"): void;
  /** Deletes what was recorded, at the server. */
  forget(address: URL): Promise<void>;
}

const off: DeskRecording = { state: "off" };
const isConnected = (state: CallState): boolean => ["listening", "thinking", "speaking"].includes(state);
const isOver = (state: CallState): boolean => state === "idle" || state === "ended";

export function useDesk(): Desk {
  const { note, sendData } = useVoiceCall();
  const [stages, setStages] = useState<readonly DeskStage[]>();
  const [recording, setRecording] = useState(off);
  const watching = useRef(false);
  const echoTold = useRef(false);
  const send = useCallback((payload: object) => void sendData(SOUND, payload), [sendData]);
  useVoiceEvent("state", ({ state, previous }) => {
    if (isOver(previous)) {
      echoTold.current = false;
      setStages(undefined);
      setRecording(off);
    }
    // Its connection is there, also when that is another one.
    if (isConnected(state) && !isConnected(previous)) {
      send({ type: "hello" });
      if (watching.current) send({ type: "watch", on: true });
    }
    if (state === "ended") {
      setStages(undefined);
      // What was recorded can be heard.
      setRecording(({ address }) => (address === undefined ? off : { state: "done", address }));
    }
  });
  useVoiceEvent("data", ({ name, payload }) => {
    const message = name === SOUND ? readDeskMessage(payload) : undefined;
    if (message?.type === "state") {
      setStages(message.stages);
      setRecording(message.recording);
    } else if (message?.type === "echo") {
      if (!echoTold.current)
        note(`Your microphone hears the assistant (${Math.round(message.couplingDb)} dB): headphones help`);
      echoTold.current = true;
    }
  });
  const watch = useCallback(
    (on: boolean) => {
      watching.current = on;
      send({ type: "watch", on });
    },
    [send],
  );
  return useMemo(
    () => ({
      stages,
      recording,
      watch,
      switchStage: (role, on) => send({ type: "switch", role, on }),
      record: (action) => send({ type: "record", action }),
      async forget(address) {
        setRecording(off);
        await fetch(address, { method: "DELETE" }).catch(() => {});
      },
    }),
    [stages, recording, watch, send],
  );
}
