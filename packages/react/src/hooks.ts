import type { VoiceClientEvents } from "@roomkit/client";
import { useEffect, useInsertionEffect, useMemo, useRef } from "react";
import type { CallActions } from "./actions.ts";
import { useCell, useStore } from "./provider.tsx";
import type { CallSnapshot, ConnectionSnapshot, DevicesSnapshot, Levels } from "./snapshots.ts";
import type { TranscriptLine } from "./transcript.ts";

export type VoiceCallValue = CallSnapshot & CallActions;

/** The call, and what can be done with it. */
export function useVoiceCall(): VoiceCallValue {
  const store = useStore();
  const snapshot = useCell(store.call);
  return useMemo(() => ({ ...snapshot, ...store.actions }), [snapshot, store]);
}

/** What was said, oldest first: at most 500 lines. */
export function useTranscript(): readonly TranscriptLine[] {
  return useCell(useStore().script);
}

/** How loud both are; renders the component that asks, and what is in it, at most once for each picture the browser draws. */
export function useLevels(): Levels {
  return useCell(useStore().levels);
}

/** What carries the call, and how well: changes once a second. */
export function useConnection(): ConnectionSnapshot {
  return useCell(useStore().connection);
}

export interface DevicesValue extends DevicesSnapshot {
  /** Uses another microphone, now and in the next call; empty: the system's. What goes wrong is in `error`, and nothing changes then. */
  selectInput(id: string): Promise<void>;
  /** The same for the speaker. */
  selectOutput(id: string): Promise<void>;
}

/** The microphones and speakers there are. Their names are empty until the microphone has been allowed once. */
export function useDevices(): DevicesValue {
  const store = useStore();
  const devices = useCell(store.devices);
  useEffect(() => store.devices.watch(), [store]);
  return useMemo(
    () => ({
      ...devices,
      selectInput: (id) => store.choose("input", id),
      selectOutput: (id) => store.choose("output", id),
    }),
    [devices, store],
  );
}

/** Calls `handler` for every event of that name, of whatever call there is; the newest rendering's. */
export function useVoiceEvent<K extends keyof VoiceClientEvents>(
  event: K,
  handler: (payload: VoiceClientEvents[K]) => void,
): void {
  const store = useStore();
  const newest = useRef(handler);
  useInsertionEffect(() => {
    newest.current = handler;
  });
  useEffect(() => store.on(event, (payload) => newest.current(payload)), [store, event]);
}
