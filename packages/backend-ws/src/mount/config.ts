import { audioSampleRates } from "@roomkit/protocol";
import type { Settings } from "../sessions/hub.ts";
import type { IceServer } from "./options.ts";

/** What a client needs to know before it connects: the body of `GET {path}/config`. */
export interface MountConfig {
  readonly dialects: readonly ("compat" | "v1")[];
  readonly endpoints: { readonly websocket: string; readonly webrtc?: string; readonly ui?: string };
  readonly audio: {
    /** Compat rates, Hz, and what v1 gets when it asks for nothing. */
    readonly inputSampleRate: number;
    readonly outputSampleRate: number;
    readonly codecs: readonly ("pcm16" | "mulaw")[];
    /** What v1 may ask for, Hz. */
    readonly sampleRates: readonly number[];
  };
  readonly limits: {
    readonly maxMessageBytes: number;
    readonly messagesPerSecond: number;
    /** Times real time. */
    readonly audioRate: number;
    readonly startTimeoutMs: number;
    readonly idleMs: number;
    readonly resumeMs: number;
    readonly concurrencyLimit: number;
  };
  readonly iceServers: readonly IceServer[];
  /** What the application says of itself. */
  readonly about?: Readonly<Record<string, string>>;
}

export function mountConfig(
  settings: Settings,
  mount: Pick<MountConfig, "iceServers" | "about"> & {
    readonly path: string;
    readonly webrtc: boolean;
    readonly ui: boolean;
    readonly concurrencyLimit: number;
  },
): MountConfig {
  const { path, webrtc, ui, concurrencyLimit, iceServers, about } = mount;
  const { messageLimits, trafficLimits } = settings;
  return {
    dialects: settings.codec ? ["compat", "v1"] : ["v1"],
    endpoints: {
      websocket: `${path}/websocket/offer`,
      ...(webrtc && { webrtc: `${path}/webrtc/offer` }),
      ...(ui && { ui: `${path}/ui` }),
    },
    audio: {
      inputSampleRate: settings.inputSampleRate,
      outputSampleRate: settings.outputSampleRate,
      codecs: settings.codec ? ["pcm16", "mulaw"] : ["pcm16"],
      sampleRates: audioSampleRates,
    },
    limits: {
      maxMessageBytes: messageLimits.maxMessageBytes,
      messagesPerSecond: trafficLimits.messagesPerSecond,
      audioRate: trafficLimits.audioRate,
      startTimeoutMs: settings.startTimeoutMs,
      idleMs: settings.idleTimeoutMs,
      resumeMs: settings.resumeMs,
      concurrencyLimit,
    },
    iceServers,
    ...(about && { about }),
  };
}
