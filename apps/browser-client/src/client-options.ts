import type { VoiceClientOptions } from "@roomkit/client";
import type { Settings } from "./model/settings.ts";

const workletFile: string = import.meta.env.WORKLET_FILE;

/** What the settings mean to the SDK. @param token empty: none. */
export function clientOptions(settings: Settings, token: string, microphone: boolean): VoiceClientOptions {
  return {
    url: settings.server,
    transport: settings.transport,
    codec: settings.codec,
    sendSampleRate: settings.sendSampleRate,
    receiveSampleRate: settings.receiveSampleRate,
    client: { name: "roomkit-page" },
    ...(token === "" ? {} : { token }),
    ...(settings.speaker === "" ? {} : { outputDevice: settings.speaker }),
    // The built page has it as a file, so that its policy can forbid `blob:` scripts.
    ...(workletFile === "" ? {} : { workletUrl: new URL(workletFile, document.baseURI) }),
    microphone: microphone && {
      optional: true,
      echoCancellation: settings.echoCancellation,
      noiseSuppression: settings.noiseSuppression,
      autoGainControl: settings.autoGainControl,
      ...(settings.microphone === "" ? {} : { deviceId: settings.microphone }),
    },
  };
}
