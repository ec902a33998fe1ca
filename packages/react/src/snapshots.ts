import type { AudioDevices, CallState, CallStats, VoiceClientError } from "@roomkit/client";
import type { CallClient } from "./options.ts";
import type { Quality } from "./quality.ts";

/** The call as it is now. */
export interface CallSnapshot {
  readonly state: CallState;
  /** Between the first ring and the end of the call. */
  readonly active: boolean;
  /** What is said gets through. */
  readonly connected: boolean;
  readonly muted: boolean;
  /** A microphone is open. */
  readonly hasMicrophone: boolean;
  /** What went wrong last: why there is no call, or what happened in the one under way. Gone with the next call, or `dismissError`. */
  readonly error?: VoiceClientError | undefined;
  /** Why the call under way has no microphone. Stays as long as that is so. */
  readonly microphoneError?: VoiceClientError | undefined;
  /** The browser keeps the page silent until this is called from a click. */
  readonly resumeSound?: (() => void) | undefined;
  /** The client of the call under way, or of the last: for what has no hook here. */
  readonly client?: CallClient | undefined;
}

/** What carries the call, and how well. */
export interface ConnectionSnapshot {
  /** The server's name of the session. */
  readonly session?: string | undefined;
  /** `websocket`, `webrtc`, ... */
  readonly transport?: string | undefined;
  /** Why `auto` did not take WebRTC: a code. */
  readonly fallback?: string | undefined;
  readonly stats?: CallStats | undefined;
  /** The worst of the last seconds; undefined outside of calls and until something is known. */
  readonly quality?: Quality | undefined;
}

export interface Levels {
  /** The caller's voice, dBFS, -60 is silence; measured while muted too. */
  readonly input: number;
  /** The assistant's. */
  readonly output: number;
  readonly muted: boolean;
}

export interface DevicesSnapshot extends AudioDevices {
  /** Ids of the devices that are chosen; empty: the system's. */
  readonly input: string;
  readonly output: string;
}

export const idle: CallSnapshot = {
  state: "idle",
  active: false,
  connected: false,
  muted: false,
  hasMicrophone: false,
};

export const silent: Levels = { input: -60, output: -60, muted: false };
