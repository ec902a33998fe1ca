export * from "./clock.ts";
export { type AIConformanceOptions, aiConformance, type Prompt } from "./conformance/ai.ts";
export { backendConformance } from "./conformance/backend.ts";
export type {
  BackendClient,
  BackendClientOptions,
  BackendConformanceOptions,
  BackendHarness,
} from "./conformance/backend-bench.ts";
export { type BusConformanceOptions, busConformance } from "./conformance/bus.ts";
export { heldMb } from "./conformance/held-memory.ts";
export { type LeaseConformanceOptions, leaseConformance } from "./conformance/leases.ts";
export { realtimeConformance } from "./conformance/realtime.ts";
export type { RealtimeConformanceOptions, RealtimePrompt } from "./conformance/realtime-options.ts";
export { collect } from "./conformance/source.ts";
export { type InboundStage, type StageConformanceOptions, stageConformance } from "./conformance/stage.ts";
export { type StoreConformanceOptions, storeConformance } from "./conformance/store.ts";
export { type SpeechSample, type SttConformanceOptions, sttConformance } from "./conformance/stt.ts";
export { type TtsConformanceOptions, ttsConformance } from "./conformance/tts.ts";
export { type TurnDetectorConformanceOptions, turnDetectorConformance } from "./conformance/turn.ts";
export { type VadConformanceOptions, vadConformance } from "./conformance/vad.ts";
export { webrtcEngineConformance } from "./conformance/webrtc-engine.ts";
export type { WebRTCEngineClient, WebRTCEngineConformanceOptions } from "./conformance/webrtc-engine-bench.ts";
export * from "./datagrams.ts";
export { FakeBackend, type FakeBackendOptions } from "./fakes/backend.ts";
export { FakeConnection, type FakeConnectionOptions } from "./fakes/connection.ts";
export { FakePipeline, FakePipelineStream } from "./fakes/pipeline.ts";
export {
  type AIScript,
  ScriptedAI,
  ScriptedStt,
  ScriptedTts,
  type ScriptedTtsOptions,
  type SttScript,
} from "./fakes/providers.ts";
export {
  ScriptedRealtime,
  type ScriptedRealtimeOptions,
  ScriptedRealtimeSession,
} from "./fakes/realtime.ts";
export { FakeRecording } from "./fakes/recording.ts";
export { StreamStt, type StreamSttStep } from "./fakes/stream-stt.ts";
export * from "./item-source.ts";
export type { ClientView, ShownTurn } from "./lab/client-view.ts";
export type { Ear, HeardSpan, HeardWord } from "./lab/ear.ts";
export { CallerLab, type CallerLabOptions } from "./lab/lab.ts";
export type { LabLine } from "./lab/line.ts";
export { type LabMatchers, labMatchers, type MatcherResult, type WithinOptions } from "./lab/matchers.ts";
export { type Answer, answers, type BargeIn, bargeIns, percentileOf } from "./lab/measures.ts";
export type { LabEcho } from "./lab/microphone.ts";
export type { LabNetwork } from "./lab/network.ts";
export type { NoiseKind } from "./lab/noises.ts";
export { pictureOf } from "./lab/picture.ts";
export type { LabRecogniser, LabRecogniserOptions } from "./lab/recogniser.ts";
export { saveCall, withPicture } from "./lab/save.ts";
export {
  allQuiet,
  assistantSpeaks,
  heardWords,
  type LabScript,
  type SaysOptions,
  stateIs,
} from "./lab/script.ts";
export type { Sayable, Sound } from "./lab/sound.ts";
export type { SpokenItem } from "./lab/spoken-item.ts";
export type { LabTrace, TraceEntry } from "./lab/trace.ts";
export type { LabCondition, LabView } from "./lab/view.ts";
export type { LabVoice, LabVoiceOptions } from "./lab/voice.ts";
export * from "./lossy-line.ts";
export { echoIn, type Room, RoomEcho } from "./room.ts";
export * from "./seeded-random.ts";
export * from "./settle.ts";
export * from "./signals.ts";
export * from "./wav.ts";
export * from "./word-errors.ts";
