import {
  type AudioFrame,
  type ChannelHost,
  type PipelineStream,
  RoomKitError,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { Ears } from "../listening/ears.ts";
import { StreamEars } from "../listening/stream-ears.ts";
import { VadEars } from "../listening/vad-ears.ts";
import type { VoiceSettings } from "../options.ts";
import type { TurnInput } from "../turns/state.ts";
import type { TurnRunner } from "./turn-runner.ts";

export interface HearingOptions {
  readonly host: ChannelHost;
  readonly settings: VoiceSettings;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly pipeline: PipelineStream;
  readonly turns: TurnRunner;
  readonly dispatch: (input: TurnInput) => void;
}

/** Listens to the caller the way the settings ask for. @throws RoomKitError `invalid_option`. */
export function openEars(options: HearingOptions): Ears {
  const { host, settings, session, connection, pipeline, turns, dispatch } = options;
  const { roomId } = session;
  const shared = {
    stt: settings.stt,
    pipeline,
    inbound: connection.inbound,
    clock: host.clock,
    language: settings.language,
    finalTimeoutMs: settings.sttTimeoutMs,
    // Frames of 10 ms or more; what a recogniser cannot take in time is bounded by this.
    maxFrames: Math.max(1, Math.ceil(settings.maxSpeechMs / 10)),
    dispatch,
    onSpeechStart: (timestamp: number) => host.notifyHooks("ON_SPEECH_START", { session, roomId, timestamp }),
    onSpeechEnd: (timestamp: number, durationMs: number) => {
      turns.endpointed();
      host.notifyHooks("ON_SPEECH_END", { session, roomId, timestamp, durationMs });
    },
    onError: (error: RoomKitError) => {
      host.logger.warn(
        { session: session.id, code: error.code, error: error.message },
        "speech could not be recognised",
      );
      host.emit("stt_error", { session, error });
      host.notifyHooks("ON_ERROR", { roomId, where: "stt", error });
      connection.send({
        type: "error",
        // Given up: what is said to somebody who cannot hear is lost, and the caller must know.
        ...(error.code === "stt_unavailable"
          ? { code: error.code, message: "Speech cannot be recognised at present.", retryable: false }
          : { code: "stt_failed", message: "Speech could not be recognised.", retryable: true }),
      });
    },
    onAudio: (frame: AudioFrame) => turns.hear(frame),
  };
  const byVad = settings.turnDetection === undefined ? pipeline.hasVad : settings.turnDetection === "vad";
  if (byVad && !pipeline.hasVad)
    throw new RoomKitError("invalid_option", "turnDetection `vad` needs a pipeline with a VAD");
  return byVad ? new VadEars(shared) : new StreamEars(shared);
}
