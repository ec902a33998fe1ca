import { type CallClient, useVoiceCall, useVoiceEvent } from "@roomkit/react";
import { useEffect, useState } from "react";
import { samples } from "../model/samples.ts";

/** So long must the assistant have been silent before a recording is sent, ms. */
const QUIET_MS = 600;
/** It is sent after this long in any case, ms. */
const MAX_WAIT_MS = 12_000;

export interface Samples {
  /** What the next recording says. */
  readonly next: string;
  /** What the one says that is being sent. */
  readonly sending: string | undefined;
  /** Sends the next; starts a call without a microphone first when there is none. While one is sent: stops it. */
  send(): void;
}

export function useSamples(): Samples {
  const { state, active, client, start, note } = useVoiceCall();
  const [index, setIndex] = useState(0);
  const [wanted, setWanted] = useState(false);
  const standing = active && state !== "connecting";
  const sample = samples[index % samples.length] as (typeof samples)[number];
  useEffect(() => {
    if (!wanted || !standing || client === undefined) return;
    const stop = new AbortController();
    const over = (sent: boolean): void => {
      if (stop.signal.aborted) return;
      setWanted(false);
      if (sent) setIndex((now) => now + 1);
      else note("The recording could not be sent");
    };
    send(client, sample.file, stop.signal).then(
      () => over(true),
      () => over(false),
    );
    return () => stop.abort();
  }, [wanted, standing, client, sample, note]);
  useVoiceEvent("state", ({ state: now, previous }) => {
    // The connection that was to carry it is over, or did not come about.
    if (now === "ended" || (now === "connecting" && previous !== "idle" && previous !== "ended")) setWanted(false);
  });
  return {
    next: sample.text,
    sending: wanted && standing ? sample.text : undefined,
    send() {
      setWanted(!wanted);
      if (!active) void start({ microphone: false });
    },
  };
}

async function send(client: CallClient, file: string, signal: AbortSignal): Promise<void> {
  await untilQuiet(client, signal);
  const response = await fetch(new URL(`samples/${file}`, document.baseURI), { signal });
  if (!response.ok) throw new Error(`the recording is not there: ${response.status}`);
  const decoder = new OfflineAudioContext(1, 1, 16_000);
  const recording = await decoder.decodeAudioData(await response.arrayBuffer());
  await client.sendSample(recording, { signal });
}

/** Waits until nobody is speaking: a recording should not talk over a greeting. */
function untilQuiet(client: CallClient, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const done = (): void => {
      clearTimeout(timer);
      clearTimeout(limit);
      stop();
      resolve();
    };
    const limit = setTimeout(done, MAX_WAIT_MS);
    const look = (): void => {
      clearTimeout(timer);
      if (client.state === "listening") timer = setTimeout(done, QUIET_MS);
    };
    const stop = client.on("state", look);
    signal.addEventListener("abort", done, { once: true });
    look();
  });
}
