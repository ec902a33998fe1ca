import {
  errorFields,
  type PipelineStream,
  speakerChanges,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { CallRoom } from "../room.ts";
import type { CallerLine } from "./caller-line.ts";

/** Tells hooks and log what a session's audio path finds besides speech, and the path what is being played. */
export function watchPipeline(
  pipeline: PipelineStream,
  options: {
    readonly room: CallRoom;
    readonly session: VoiceSession;
    readonly connection: VoiceConnection;
    readonly line: CallerLine;
  },
): Unsubscribe {
  const { room, session, connection, line } = options;
  const { roomId } = session;
  const changed = speakerChanges();
  let warned = false;
  const stop = [
    connection.onPlayed((frame, startedAt) => pipeline.played(frame, startedAt)),
    pipeline.on("frame", (event) => line.processed(event)),
    pipeline.on("dtmf", (event) => line.dtmf(event)),
    pipeline.on("speaker", (event) => {
      if (changed(event)) room.notifyHooks("ON_SPEAKER_CHANGE", { session, roomId, ...event });
    }),
    pipeline.on("echo-suspected", (path) => {
      if (!warned)
        room.logger.warn({ session: session.id, ...path }, "the caller's microphone hears what is played to them");
      warned = true;
      room.emit("echo_suspected", { session, ...path });
    }),
    pipeline.on("stage-error", ({ stage, error }) =>
      room.logger.warn({ session: session.id, stage, ...errorFields(error) }, "an audio stage was passed by"),
    ),
    pipeline.on("stage-change", ({ role, name, state, error }) => {
      if (state === "failed") room.logger.warn({ session: session.id, stage: name }, "an audio stage was taken out");
      room.emit("audio_stage_changed", { session, role, name, state, error });
    }),
  ];
  return () => {
    for (const each of stop) each();
  };
}
