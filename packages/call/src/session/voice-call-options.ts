import type { VoiceCapabilities, VoiceConnection, VoiceSession } from "@roomkit/core";
import type { CallSettings } from "../options.ts";
import type { CallRoom } from "../room.ts";
import type { RestoredCall } from "../takeover/restore.ts";

export interface VoiceCallOptions {
  readonly room: CallRoom;
  readonly settings: CallSettings;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  /** What the caller's platform does to their audio. */
  readonly native?: VoiceCapabilities | undefined;
  /** The voice that a channel's answers are spoken with, where that is another than the call's. */
  readonly voiceOf?: ((channelId: string) => string | undefined) | undefined;
  /** Another process began it. */
  readonly restored?: RestoredCall | undefined;
  /** {@link VoiceCall.record} is another; `now`: by more than what has been heard. */
  readonly onChange?: ((now: boolean) => void) | undefined;
}
