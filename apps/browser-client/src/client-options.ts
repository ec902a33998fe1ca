import type { CallSetup } from "@roomkit/react";
import type { Settings } from "./model/settings.ts";

const workletFile: string = import.meta.env.WORKLET_FILE;

/** What the settings mean to the SDK. @param token empty: none. */
export function clientOptions(settings: Settings, token: string): CallSetup {
  const { echoCancellation, noiseSuppression, autoGainControl, microphone } = settings;
  return {
    url: settings.server,
    transport: settings.transport,
    codec: settings.codec,
    sendSampleRate: settings.sendSampleRate,
    receiveSampleRate: settings.receiveSampleRate,
    client: { name: "roomkit-page" },
    token: token === "" ? undefined : token,
    outputDevice: settings.speaker,
    // The built page has it as a file, so that its policy can forbid `blob:` scripts.
    workletUrl: workletFile === "" ? undefined : new URL(workletFile, document.baseURI),
    microphone: { optional: true, echoCancellation, noiseSuppression, autoGainControl, deviceId: microphone },
  };
}
