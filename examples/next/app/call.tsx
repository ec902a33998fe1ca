"use client";

import { CallButton, Connection, Meter, MuteButton, Transcript, useVoiceCall, VoiceCall } from "@roomkit/react";

/** Asked for at every attempt to connect, so that it is never old. */
const token = async ({ signal }: { readonly signal: AbortSignal }): Promise<string> =>
  await (await fetch("/api/token", { method: "POST", signal })).text();

function Problem() {
  const { error } = useVoiceCall();
  return <p role="alert">{error?.hint}</p>;
}

export function Call() {
  return (
    <VoiceCall url="/voice" token={token}>
      <CallButton />
      <MuteButton />
      <Meter of="input" />
      <Connection />
      <Problem />
      <Transcript />
    </VoiceCall>
  );
}
