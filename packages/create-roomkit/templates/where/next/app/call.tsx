"use client";

import {
  CallButton,
  Connection,
  Meter,
  MuteButton,
  Transcript,
  useVoiceCall,
  VoiceCall,
} from "@roomkit/react";
import { type FormEvent, useEffect, useState } from "react";

export function Call() {
  const [token, setToken] = useState<string>();
  useEffect(() => {
    // Behind the # of the address, which no server sees; nor does it stay there.
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given === null) return;
    setToken(given);
    // When Next has begun to watch the address: else it would put it back.
    setTimeout(() => {
      history.replaceState(null, "", location.pathname + location.search);
    });
  }, []);
  return (
    <VoiceCall url="/voice" token={token} microphone={{ optional: true }}>
      <State />
      <div className="buttons">
        <CallButton />
        <MuteButton />
      </div>
      <Meter of="input" />
      <Connection />
      <Transcript />
      <Typing />
    </VoiceCall>
  );
}

function State() {
  const { state, error } = useVoiceCall();
  return (
    <>
      <p role="status">{state}</p>
      <p role="alert">{error?.hint}</p>
    </>
  );
}

function Typing() {
  const { connected, say } = useVoiceCall();
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (say(text)) setText("");
  };
  return (
    <form onSubmit={submit}>
      <input
        aria-label="Say by typing"
        placeholder="Or type"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <button type="submit" disabled={!connected}>
        Say
      </button>
    </form>
  );
}
