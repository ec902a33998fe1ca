export { Dictation, type DictationOptions } from "./hearing/dictation.ts";
export { SpeechSegment, type SpeechSegmentOptions } from "./hearing/segment.ts";
export {
  type CallOptions,
  type CallSettings,
  callOptionKinds,
  type InterruptionOptions,
  type PreemptiveOptions,
  resolveCallOptions,
} from "./options.ts";
export { type CallRoom, roomOf, type Said, type SaidOf, type UserTurn } from "./room.ts";
export { Attendance, type AttendanceOptions } from "./session/attendance.ts";
export { CallerLine, type CallerLineOptions, type CallStatus, type ClientState } from "./session/caller-line.ts";
export type { CallStart, ChannelCall } from "./session/channel-call.ts";
export { ChannelSessions, type ChannelSessionsOptions } from "./session/channel-sessions.ts";
export {
  type DtmfMode,
  type DtmfSending,
  dtmfModes,
  dtmfMs,
  dtmfToSend,
  type SendDtmfOptions,
} from "./session/dtmf-sending.ts";
export type { IdleOptions } from "./session/idle-prompts.ts";
export { CallRecording, noting } from "./session/recording.ts";
export { UserTranscripts, type UserWords } from "./session/transcripts.ts";
export { VoiceCall } from "./session/voice-call.ts";
export type { VoiceCallOptions } from "./session/voice-call-options.ts";
export { watchPipeline } from "./session/watch-pipeline.ts";
export { type SpeechStretch, TurnSpeakers, type TurnSpeakersOptions } from "./speakers/turn-speakers.ts";
export { type SpeakableOptions, speakable, speakableWith } from "./speech/filter/speakable.ts";
export * from "./speech/filter/speech-filter.ts";
export { withSpoken, withWritten } from "./speech/respeak.ts";
export { type SentenceOptions, SentenceSplitter, splitSentences } from "./speech/sentences.ts";
export { type SpeechPieceOptions, speechPieces } from "./speech/speech-pieces.ts";
export { type RestoredCall, restoreCall } from "./takeover/restore.ts";
export { isBackchannel } from "./turns/backchannels.ts";
export { isCommand } from "./turns/commands.ts";
export { turnStep } from "./turns/machine.ts";
export { TurnWaterfall } from "./turns/metrics.ts";
export type {
  InterruptionStrategy,
  TurnEffect,
  TurnInput,
  TurnPhase,
  TurnRules,
  TurnState,
  TurnStep,
  TurnTimer,
} from "./turns/state.ts";
export { initialTurnState, interruptionStrategies, phaseOf } from "./turns/state.ts";
export { once } from "./utterances/once.ts";
export { type PatienceOptions, withPatience } from "./utterances/patience.ts";
export { Playback, type PlaybackOptions } from "./utterances/playback.ts";
export { recording } from "./utterances/recording.ts";
export type { SpeakOptions } from "./utterances/speak-options.ts";
export { type EndedUtterance, noteEnd, tellEnd } from "./utterances/tell-end.ts";
