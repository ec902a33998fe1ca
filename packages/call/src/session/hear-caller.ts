import type { PipelineStream, VoiceConnection, VoiceSession } from "@roomkit/core";
import { CallHearing } from "../hearing/call-hearing.ts";
import type { Hearing } from "../hearing/hearing.ts";
import type { CallSettings } from "../options.ts";
import type { CallRoom } from "../room.ts";
import type { TurnSpeakers } from "../speakers/turn-speakers.ts";
import type { TurnInput } from "../turns/state.ts";
import type { TurnRunner } from "../turns/turn-runner.ts";
import { tellUnheard } from "./unheard.ts";

export interface HearCallerOptions {
  readonly room: CallRoom;
  /** Read each time, as some may change while the call lasts. */
  readonly settings: CallSettings;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly pipeline: PipelineStream;
  readonly speakers: TurnSpeakers;
  readonly turns: TurnRunner;
  readonly dispatch: (input: TurnInput) => void;
}

/** Begins to hear a caller, for the turn machine, the hooks and whoever judges their turns. */
export function hearCaller(options: HearCallerOptions): Hearing {
  const { room, settings, session, connection, pipeline, speakers, turns, dispatch } = options;
  const { roomId } = session;
  return new CallHearing(settings.turnDetection, {
    stt: settings.stt,
    pipeline,
    inbound: connection.inbound,
    clock: room.clock,
    hints: {
      get language() {
        return settings.language;
      },
      get keywords() {
        return settings.keywords;
      },
      onFallback: (change) => room.emit("provider_fallback", { roomId, ...change }),
    },
    finalTimeoutMs: settings.sttTimeoutMs,
    // Frames of 10 ms or more; what a recogniser cannot take in time is bounded by this.
    maxFrames: Math.max(1, Math.ceil(settings.maxSpeechMs / 10)),
    dispatch,
    onSpeechStart: (segment, timestamp) => {
      speakers.begin(segment, timestamp);
      turns.began(timestamp);
      room.notifyHooks("ON_SPEECH_START", { session, roomId, timestamp });
    },
    onSpeechEnd: (segment, timestamp, durationMs) => {
      if (segment !== undefined) speakers.end(segment, timestamp);
      turns.endpointed(timestamp);
      room.notifyHooks("ON_SPEECH_END", { session, roomId, timestamp, durationMs });
    },
    onError: (error) => tellUnheard(error, options),
    onAudio: (frame) => turns.hear(frame),
    onGuess: (words) => turns.guess(words),
  });
}
