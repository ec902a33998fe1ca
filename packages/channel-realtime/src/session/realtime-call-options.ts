import type { CallRecording, CallRoom } from "@roomkit/call";
import type { ChannelHost, RealtimeSession, VoiceConnection, VoiceSession } from "@roomkit/core";
import type { RealtimeSettings } from "../options.ts";
import type { AudioPath } from "./audio-path.ts";
import type { CallTools } from "./tool-calls.ts";

export interface RealtimeCallOptions {
  readonly host: ChannelHost;
  readonly room: CallRoom;
  readonly settings: RealtimeSettings;
  readonly channelId: string;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly provider: RealtimeSession;
  readonly audio: AudioPath;
  /** What is recorded of the call, if anything is. */
  readonly recording: CallRecording | undefined;
  readonly tools: CallTools;
  /** The session is over from the provider's side. */
  readonly onEnded: (reason: string) => void;
  /** Called once when it ends from whichever side. */
  readonly onClosed: () => void;
}
