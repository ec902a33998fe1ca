import { type ClientConfig, type ClientIceServer, clientConfig } from "@roomkit/transport-utils";
import type { Settings } from "../sessions/hub.ts";

/** The body of `GET {path}/config`. */
export type MountConfig = ClientConfig<"websocket", object, { readonly startTimeoutMs: number }>;

export function mountConfig(
  settings: Settings,
  mount: {
    readonly path: string;
    readonly webrtc: boolean;
    readonly ui: boolean;
    readonly concurrencyLimit: number;
    readonly iceServers: readonly ClientIceServer[];
    readonly about: Readonly<Record<string, string>> | undefined;
  },
): MountConfig {
  const { path, webrtc, ui, concurrencyLimit, iceServers, about } = mount;
  const { inputSampleRate, outputSampleRate, codec, messageLimits, trafficLimits } = settings;
  return clientConfig({
    dialects: codec ? ["compat", "v1"] : ["v1"],
    path,
    endpoints: webrtc ? ["websocket", "webrtc"] : ["websocket"],
    ui,
    inputSampleRate,
    outputSampleRate,
    mulaw: codec !== undefined,
    audio: {},
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
    about,
  });
}
