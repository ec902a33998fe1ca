import { type ClientConfig, type ClientIceServer, clientConfig } from "@roomkit/transport-utils";
import type { OutboundAudio } from "../media/audio-plan.ts";
import type { TransportSettings } from "../transport/settings.ts";

interface Audio {
  /** How the server's voice comes. */
  readonly outbound: OutboundAudio;
}

interface Limits {
  /** From the offer to a connection, ms. */
  readonly connectMs: number;
  readonly candidates: number;
  readonly dataChannels: number;
}

/** The body of `GET {path}/config`. */
export type RealtimeConfig = ClientConfig<"webrtc", Audio, Limits>;

export function realtimeConfig(
  settings: TransportSettings,
  mount: { path: string; ui: boolean; concurrencyLimit: number; iceServers: readonly ClientIceServer[] },
): RealtimeConfig {
  const { inputSampleRate, outputSampleRate, outboundAudio, mulaw, limits } = settings;
  const { path, ui, concurrencyLimit, iceServers } = mount;
  return clientConfig({
    dialects: ["compat", "v1"],
    path,
    endpoints: ["webrtc"],
    ui,
    inputSampleRate,
    outputSampleRate,
    mulaw: mulaw !== undefined,
    audio: { outbound: outboundAudio },
    limits: {
      maxMessageBytes: limits.maxMessageBytes,
      messagesPerSecond: limits.messagesPerSecond,
      audioRate: limits.audioRate,
      connectMs: limits.connectTimeoutMs,
      idleMs: limits.idleTimeoutMs,
      resumeMs: limits.resumeMs,
      concurrencyLimit,
      candidates: limits.candidates,
      dataChannels: limits.dataChannels,
    },
    iceServers,
  });
}
