import type { MetricsMessage } from "@roomkit/protocol";
import type { AudioDevices } from "./browser/audio-io.ts";
import type { VoiceClientError } from "./errors.ts";
import type { CandidatePair } from "./transport/transport.ts";

/** `idle` before the first call, `ended` after one; between them what the assistant is doing, or what the connection is. */
export type CallState = "idle" | "connecting" | "listening" | "thinking" | "speaking" | "reconnecting" | "ended";

/** Where the time of one turn went, ms after the person stopped speaking; a stage that did not happen is absent. */
export type TurnMetrics = MetricsMessage["turn"];

export interface Transcript {
  readonly id: string;
  readonly role: "user" | "assistant";
  /** The whole text so far. */
  readonly text: string;
  readonly final: boolean;
  /** Counts up from 0 for each id. */
  readonly revision: number;
  /** When the assistant was cut off, by an interruption or a failing voice: the part of `text` that was heard. */
  readonly heard?: string | undefined;
  /** On final words: whose voice said most of them, where the server tells voices apart; for an operator, the name of who said them. */
  readonly speaker?: string | undefined;
}

export interface CallStats {
  /** `websocket`, `webrtc`, ... */
  readonly transport: string;
  /** Why `auto` did not take WebRTC: the code of its error, e.g. `connection_timeout`. */
  readonly fallback?: string | undefined;
  /** Round trip to the server, ms; absent until the first answer. */
  readonly roundTripMs?: number | undefined;
  /**
   * For how long the server has not answered though it should have, ms; absent when all is well. Told at once when it begins: the
   * call goes on, and may be about to reconnect.
   */
  readonly quietMs?: number | undefined;
  /** Audio received and waiting to be played, ms. */
  readonly bufferedMs?: number | undefined;
  /** What the jitter buffer holds back at the start of an utterance, ms. */
  readonly jitterBufferMs?: number | undefined;
  /** How often audio ran out mid-utterance, in this call. */
  readonly underruns?: number | undefined;
  /** Received samples that were lost, and replaced by silence or skipped. */
  readonly concealedSamples?: number | undefined;
  /** Received samples that came twice or too late. */
  readonly droppedSamples?: number | undefined;
  /** Microphone frames sent, 20 ms each. */
  readonly sentFrames: number;
  /** Microphone frames not sent because the network did not keep up. */
  readonly droppedFrames: number;
  /** (webrtc) How unevenly packets arrive, ms. */
  readonly jitterMs?: number | undefined;
  /** (webrtc) Packets received, and those that never came. */
  readonly receivedPackets?: number | undefined;
  readonly lostPackets?: number | undefined;
  /** (webrtc) Microphone packets the server reports as lost. */
  readonly lostFrames?: number | undefined;
  /** (webrtc) The network path in use. */
  readonly candidatePair?: CandidatePair | undefined;
}

export interface VoiceClientEvents {
  /** `reason` is set on `ended`: `client_closed`, or the code of what ended it. */
  readonly state: { readonly state: CallState; readonly previous: CallState; readonly reason?: string | undefined };
  /**
   * Connected to a session of the server: a new one, or (`resumed`) the same as before a lost connection. `transport` and
   * `fallback` as in {@link CallStats}.
   */
  readonly session: {
    readonly id: string;
    readonly resumed: boolean;
    readonly transport: string;
    readonly fallback?: string | undefined;
  };
  readonly transcript: Transcript;
  /** The assistant begins or ends saying something. */
  readonly utterance: { readonly id: number; readonly phase: "start" | "end"; readonly text?: string | undefined };
  /** The assistant was cut off. */
  readonly interrupted: { readonly utterance: number; readonly heard: string; readonly unheard: string };
  /**
   * Sound over the assistant's speech did not count: too little of it was speech (`short`), words that want no floor (`backchannel`), the
   * assistant's own (`echo`), or none (`no_words`). `resumed`: it had silenced the assistant, who has gone on.
   */
  readonly dismissed: { readonly cause: string; readonly resumed: boolean };
  /** About 20 times a second, dBFS, -60 is silence. `input` is measured while muted too; `muted` says so. */
  readonly level: { readonly input: number; readonly output: number; readonly muted: boolean };
  readonly metrics: TurnMetrics;
  /** A message of the server's application. */
  readonly data: { readonly name: string; readonly payload: unknown };
  /** Something failed and the call goes on, or the call ended because of it; a failed `connect()` rejects instead. */
  readonly error: VoiceClientError;
  /** Once a second. */
  readonly stats: CallStats;
  readonly muted: boolean;
  /** The microphones and speakers there are now; after one was plugged in or out. */
  readonly devices: AudioDevices;
  /** The browser keeps the page silent until the person touches it: show a button that calls `resume`. Again with `blocked: false` once it plays. */
  readonly "autoplay-blocked": { readonly blocked: boolean; resume(): Promise<void> };
}
