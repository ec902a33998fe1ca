import type { ProviderFallback } from "../contracts/fallback.ts";
import type { StageStatus } from "../contracts/pipeline.ts";
import type { RecordingInfo } from "../contracts/recording.ts";
import type { SessionStatus } from "../contracts/session-status.ts";
import type { EchoPath } from "../contracts/stage.ts";
import type { DismissCause, SessionParts, VoiceSession } from "../contracts/voice.ts";
import type { RoomKitError } from "../errors/error.ts";
import type { RoomEvent } from "./event.ts";
import type { KeptSession } from "./kept-sessions.ts";

/** What the kit reports while it works; never stored. */
export interface FrameworkEvents {
  readonly room_created: { readonly roomId: string };
  readonly room_paused: { readonly roomId: string };
  readonly room_archived: { readonly roomId: string };
  readonly room_closed: { readonly roomId: string };
  readonly room_refused_event: { readonly roomId: string; readonly channelId: string };
  /** Another process has taken the room over. Its sessions here end, so that their clients connect again. */
  readonly room_fenced: { readonly roomId: string };
  readonly channel_attached: { readonly roomId: string; readonly channelId: string };
  readonly channel_detached: { readonly roomId: string; readonly channelId: string };
  readonly event_processed: { readonly roomId: string; readonly event: RoomEvent };
  readonly event_blocked: { readonly roomId: string; readonly event: RoomEvent; readonly reason: string };
  /** An event was given up before its commit; nothing of it was stored. */
  readonly process_timeout: { readonly roomId: string; readonly channelId: string };
  readonly chain_depth_exceeded: { readonly roomId: string; readonly channelId: string };
  readonly delivery_failed: { readonly roomId: string; readonly channelId: string; readonly error: RoomKitError };
  readonly hook_error: { readonly hook: string; readonly trigger: string; readonly error: RoomKitError };
  readonly hook_timeout: { readonly hook: string; readonly trigger: string };
  /**
   * `resumed`: it was begun by another process, which is gone, and goes on here. `status`: how the session stands, whenever it is asked, until it ends;
   * absent where the channel cannot say.
   */
  readonly voice_session_started: {
    readonly session: VoiceSession;
    readonly resumed?: boolean | undefined;
    readonly status?: (() => SessionStatus) | undefined;
  } & SessionParts;
  /** `kept`: it is over here, and another process may go on with it. */
  readonly voice_session_ended: {
    readonly session: VoiceSession;
    readonly reason: string;
    readonly kept?: boolean | undefined;
  };
  /** The process of a session went, and nobody came back to it in time. Told by one of the processes that share the store. */
  readonly voice_session_lost: { readonly kept: KeptSession };
  /** The store takes no sessions just now: those that are there go on, and no other process could go on with them. */
  readonly sessions_not_kept: { readonly error: RoomKitError };
  /** The store cannot be reached. Calls go on, and what is said in them is kept here until it can. */
  readonly store_unreachable: { readonly error: RoomKitError };
  /** The store can be reached again, and has all `events` that were said meanwhile. */
  readonly store_reachable: { readonly awayMs: number; readonly events: number };
  /** So many events that were delivered while the store was down are not in the log: the room is another process's (`fenced`), the store refused them, or the kit was closed. */
  readonly events_not_kept: { readonly roomId: string; readonly count: number; readonly error: RoomKitError };
  /** Leases cannot be renewed. Calls go on, as long as nobody else takes their rooms. */
  readonly leases_unreachable: { readonly error: RoomKitError };
  readonly leases_reachable: object;
  /** People speak to a session's caller in place of the assistant, which is silent until they have all given the call back. `by`: the session of the first. */
  readonly call_taken_over: { readonly session: VoiceSession; readonly by: VoiceSession };
  /** The assistant has the call again. `reason`: `given_back`, or why the session of the last of them ended. */
  readonly call_given_back: { readonly session: VoiceSession; readonly reason: string };
  readonly stt_error: { readonly session: VoiceSession; readonly error: RoomKitError };
  readonly tts_error: { readonly session: VoiceSession; readonly error: RoomKitError };
  /** `provider`: the model's, where a model failed. */
  readonly ai_error: {
    readonly roomId: string;
    readonly channelId: string;
    readonly error: RoomKitError;
    readonly provider?: string | undefined;
  };
  /** A session is not recorded: a hook blocked it (`reason` is the hook's), or there is none and the recorder requires one (`no_consent`). */
  readonly recording_refused: {
    readonly session: VoiceSession;
    readonly recording: RecordingInfo;
    readonly reason: string;
  };
  /** Sound over the assistant's speech did not count, for this cause; `resumed`: it had silenced the assistant, who went on. */
  readonly interruption_dismissed: {
    readonly session: VoiceSession;
    readonly cause: DismissCause;
    readonly resumed: boolean;
  };
  /** A reply was prepared to what somebody was about to say, and is the reply (`used`), or was thrown away. */
  readonly reply_prepared: {
    readonly roomId: string;
    readonly channelId: string;
    readonly session?: VoiceSession | undefined;
    readonly used: boolean;
  };
  /**
   * The beginning of a prepared reply was synthesized ahead, and is spoken (`used`), or was thrown away: `chars` that the voice was given, and the audio
   * that it had made of them.
   */
  readonly speech_prepared: {
    readonly session: VoiceSession;
    readonly used: boolean;
    readonly chars: number;
    readonly audioMs: number;
  };
  /** A stage of a session's audio path was switched on or off, or taken out for its failures (`failed`, with the last `error`). */
  readonly audio_stage_changed: {
    readonly session: VoiceSession;
    readonly role: StageStatus["role"];
    readonly name: string;
    readonly state: StageStatus["state"];
    readonly error?: RoomKitError | undefined;
  };
  /**
   * A caller's microphone hears what is played to them, `couplingDb` against it and `delayMs` after it is told of as played. The session's echo guard
   * keeps it from being taken for the caller; told once it is sure, and again when that changes by much.
   */
  readonly echo_suspected: { readonly session: VoiceSession } & EchoPath;
  /** A provider made of several (`@roomkit/fallback`) went over to another in the middle of a room's conversation. */
  readonly provider_fallback: { readonly roomId: string } & ProviderFallback;
  /** The kit is closed, and tells nothing more. */
  readonly kit_closed: object;
}
