import { audioSampleRates } from "@roomkit/protocol";
import type { OutboundAudio } from "../media/audio-plan.ts";
import type { TransportSettings } from "../transport/settings.ts";
import type { ClientIceServer } from "./ice-servers.ts";

/** What a client needs to know before it connects: the body of `GET {path}/config`. */
export interface RealtimeConfig {
  readonly dialects: readonly ("compat" | "v1")[];
  readonly endpoints: { readonly webrtc: string; readonly ui?: string };
  readonly audio: {
    /** Hz. */
    readonly inputSampleRate: number;
    readonly outputSampleRate: number;
    /** Of audio on the data channel. */
    readonly codecs: readonly ("pcm16" | "mulaw")[];
    readonly sampleRates: readonly number[];
    /** How the server's voice comes. */
    readonly outbound: OutboundAudio;
  };
  readonly limits: {
    readonly maxMessageBytes: number;
    readonly messagesPerSecond: number;
    /** Times real time. */
    readonly audioRate: number;
    /** From the offer to a connection, ms. */
    readonly connectMs: number;
    readonly idleMs: number;
    readonly resumeMs: number;
    readonly concurrencyLimit: number;
    readonly candidates: number;
    readonly dataChannels: number;
  };
  readonly iceServers: readonly ClientIceServer[];
}

export function realtimeConfig(
  settings: TransportSettings,
  mount: { path: string; ui: boolean; concurrencyLimit: number; iceServers: readonly ClientIceServer[] },
): RealtimeConfig {
  const { inputSampleRate, outputSampleRate, outboundAudio, mulaw, limits } = settings;
  return {
    dialects: ["compat", "v1"],
    endpoints: { webrtc: `${mount.path}/webrtc/offer`, ...(mount.ui ? { ui: `${mount.path}/ui` } : {}) },
    audio: {
      inputSampleRate,
      outputSampleRate,
      codecs: mulaw ? ["pcm16", "mulaw"] : ["pcm16"],
      sampleRates: audioSampleRates,
      outbound: outboundAudio,
    },
    limits: {
      maxMessageBytes: limits.maxMessageBytes,
      messagesPerSecond: limits.messagesPerSecond,
      audioRate: limits.audioRate,
      connectMs: limits.connectTimeoutMs,
      idleMs: limits.idleTimeoutMs,
      resumeMs: limits.resumeMs,
      concurrencyLimit: mount.concurrencyLimit,
      candidates: limits.candidates,
      dataChannels: limits.dataChannels,
    },
    iceServers: mount.iceServers,
  };
}
