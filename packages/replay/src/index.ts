export type { Decision, Difference } from "./decisions.ts";
export { type CallParts, type RecordCallOptions, recordCall } from "./record.ts";
export { recordVoice } from "./record-voice.ts";
export { type Replay, type ReplayCallOptions, type ReplayOptions, replayCall } from "./replay.ts";
