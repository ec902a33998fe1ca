import { VoiceClientError } from "../errors.ts";
import type { AudioDevices, MicrophoneOptions } from "./audio-io.ts";

/** @throws VoiceClientError `insecure_context`, `unsupported`, `microphone_denied`, `microphone_not_found`, `microphone_in_use`. */
export async function openMicrophone(options: MicrophoneOptions): Promise<MediaStream> {
  assertCapable();
  const { deviceId, echoCancellation = true, noiseSuppression = true, autoGainControl = true } = options;
  const processing = { echoCancellation, noiseSuppression, autoGainControl, channelCount: { ideal: 1 } };
  try {
    const device = deviceId === undefined || deviceId === "" ? {} : { deviceId: { exact: deviceId } };
    return await navigator.mediaDevices.getUserMedia({ audio: { ...processing, ...device } });
  } catch (error) {
    throw microphoneError(error);
  }
}

/** @throws VoiceClientError where the browser offers no microphone at all. */
export function assertCapable(): void {
  if (!globalThis.isSecureContext) {
    throw new VoiceClientError("insecure_context", "getUserMedia and AudioWorklet need https or localhost");
  }
  if (typeof AudioWorkletNode === "undefined" || navigator.mediaDevices === undefined) {
    throw new VoiceClientError("unsupported", "this browser has no AudioWorklet or no media devices");
  }
}

/** The devices there are; labels are empty until the microphone has been allowed once. */
export async function listDevices(): Promise<AudioDevices> {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const of = (kind: MediaDeviceKind): { id: string; label: string }[] =>
    devices.filter((device) => device.kind === kind).map(({ deviceId, label }) => ({ id: deviceId, label }));
  return { inputs: of("audioinput"), outputs: canChooseOutput() ? of("audiooutput") : [] };
}

export function canChooseOutput(): boolean {
  return typeof AudioContext !== "undefined" && "setSinkId" in AudioContext.prototype;
}

const codes: { readonly [name: string]: string } = {
  NotAllowedError: "microphone_denied",
  SecurityError: "microphone_denied",
  NotFoundError: "microphone_not_found",
  // The chosen device is not there any more.
  OverconstrainedError: "microphone_not_found",
  NotReadableError: "microphone_in_use",
  AbortError: "microphone_in_use",
};

function microphoneError(error: unknown): VoiceClientError {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  const message = error instanceof Error ? error.message : String(error);
  // Overconstrained is not an Error everywhere.
  const code =
    codes[name] ?? ((error as { constraint?: unknown }).constraint ? "microphone_not_found" : "microphone_in_use");
  return new VoiceClientError(code, message, { retryable: true, cause: error });
}
