import type { CallRoom, Said } from "@roomkit/call";
import {
  type Clock,
  type FallbackListening,
  type FrameworkEvents,
  type HookPayloads,
  type HookTrigger,
  type Logger,
  RoomKitError,
  randomId,
} from "@roomkit/core";

export interface OwnRoomOptions extends FallbackListening {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly submit: CallRoom["submit"];
  readonly prepare: NonNullable<CallRoom["prepare"]>;
  readonly compose: NonNullable<CallRoom["compose"]>;
  readonly history: () => readonly Said[];
  readonly onSpeechStart: () => void;
  readonly onSpeechEnd: (durationMs: number) => void;
  readonly onError: (error: RoomKitError) => void;
  readonly onVoiceFailed: () => void;
  /** The beginning of an answer was synthesized ahead, and is spoken, or was thrown away. */
  readonly onSpeechPrepared: (end: FrameworkEvents["speech_prepared"]) => void;
  /** Words of the call's own are about to be spoken, and how much of them was heard. */
  readonly saying: (text: string) => void;
  readonly said: (text: string) => void;
}

/** Whoever must agree to a recording is asked where the session is used: a recorder belongs into that channel's pipeline. */
const asks = (trigger: HookTrigger): boolean => trigger === "ON_RECORDING_STARTED";

/** The room of a call that is in none: a caller and a model, no hooks, no log. Hooks run where the session is used. */
export function ownRoom(options: OwnRoomOptions): CallRoom {
  const {
    clock,
    logger,
    submit,
    prepare,
    compose,
    history,
    onSpeechStart,
    onSpeechEnd,
    onError,
    onVoiceFailed,
    saying,
    said,
  } = options;
  return {
    clock,
    logger,
    ids: randomId,
    mayWrite: true,
    mayRead: true,
    hasHooks: () => false,
    hasSyncHooks: asks,
    runHooks: async (trigger, payload) =>
      asks(trigger)
        ? { allowed: false, payload, hook: "cascade", reason: "nobody_to_ask" }
        : { allowed: true, payload },
    notifyHooks<K extends HookTrigger>(trigger: K, payload: HookPayloads[K]) {
      if (trigger === "ON_SPEECH_START") onSpeechStart();
      else if (trigger === "ON_SPEECH_END") onSpeechEnd((payload as HookPayloads["ON_SPEECH_END"]).durationMs);
      else if (trigger === "ON_ERROR") onError(RoomKitError.from((payload as HookPayloads["ON_ERROR"]).error));
    },
    emit<K extends keyof FrameworkEvents>(event: K, payload: FrameworkEvents[K]) {
      if (event === "tts_error") onVoiceFailed();
      if (event === "speech_prepared") options.onSpeechPrepared(payload as FrameworkEvents["speech_prepared"]);
      if (event === "provider_fallback") {
        const { from, to, error } = payload as FrameworkEvents["provider_fallback"];
        options.onFallback?.({ from, to, error });
      }
    },
    submit,
    prepare,
    compose,
    saying,
    said: async (text) => said(text),
    history: async (last) => history().slice(-last),
  };
}
