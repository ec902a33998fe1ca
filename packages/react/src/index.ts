"use client";

export type { CallState, Transcript as TranscriptEvent, TurnMetrics, VoiceClientError } from "@roomkit/client";
export type { CallActions } from "./actions.ts";
export {
  type DevicesValue,
  useConnection,
  useDevices,
  useLevels,
  useTranscript,
  useVoiceCall,
  useVoiceEvent,
  type VoiceCallValue,
} from "./hooks.ts";
export type { CallClient, CallSetup } from "./options.ts";
export type { ButtonProps } from "./parts/button.tsx";
export { CallButton, InterruptButton, MuteButton } from "./parts/buttons.tsx";
export { Connection, qualityNames } from "./parts/connection.tsx";
export { DevicePicker, type DevicePickerProps } from "./parts/device-picker.tsx";
export { LevelMeter, loudness, Meter, type MeterProps } from "./parts/meter.tsx";
export { Transcript, type TranscriptProps } from "./parts/transcript.tsx";
export { VoiceCall, type VoiceCallProps } from "./provider.tsx";
export type { Quality } from "./quality.ts";
export type { CallSnapshot, ConnectionSnapshot, DevicesSnapshot, Levels } from "./snapshots.ts";
export { type NoticeLine, type SpeechLine, splitHeard, type TranscriptLine } from "./transcript.ts";
