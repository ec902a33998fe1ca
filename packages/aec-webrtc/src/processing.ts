import {
  type AudioFormat,
  assertOptions,
  type EchoCanceller,
  type FrameStage,
  RoomKitError,
  type StageFactory,
} from "@roomkit/core";
import { loadFfi } from "./apm.ts";
import { ROLES, type Role, Session, unsupported } from "./session.ts";

export interface WebrtcProcessingOptions {
  /** Remove what the caller's speaker plays: the factory `aec`. Default true. */
  readonly echoCancellation?: boolean | undefined;
  /** Suppress noise: the factory `denoiser`. Default false. */
  readonly noiseSuppression?: boolean | undefined;
  /** Level the loudness: the factory `agc`. Default false. */
  readonly autoGainControl?: boolean | undefined;
  /** Take away what lies below about 100 Hz with gain control too; the others bring that along. Default false. */
  readonly highPass?: boolean | undefined;
}

/** Stages of an audio pipeline, by the names of its options; those that are asked for. */
export interface WebrtcProcessing {
  readonly aec?: StageFactory<EchoCanceller> | undefined;
  readonly agc?: StageFactory<FrameStage> | undefined;
  readonly denoiser?: StageFactory<FrameStage> | undefined;
}

/**
 * WebRTC's audio processing module as stages of a pipeline: `audioPipeline({ ...webrtcAudioProcessing({ noiseSuppression: true }) })`. All
 * stages of a stream are one instance, and the first of them does the work of all, so nothing is done twice; one that the pipeline leaves out,
 * as the caller's platform does the same, is not done. Mono at 8,000 to 48,000 Hz in steps of 100, in blocks of 10 ms.
 *
 * The factories' `open` throws RoomKitError `missing_dependency` where the native library has no build for the platform,
 * `unsupported_format` for other formats.
 *
 * @throws RoomKitError `invalid_option`
 */
export function webrtcAudioProcessing(options: WebrtcProcessingOptions = {}): WebrtcProcessing {
  assertOptions("webrtcAudioProcessing", options, {
    boolean: ["echoCancellation", "noiseSuppression", "autoGainControl", "highPass"],
  });
  const { echoCancellation = true, noiseSuppression = false, autoGainControl = false, highPass = false } = options;
  const wanted: Readonly<Record<Role, boolean>> = {
    aec: echoCancellation,
    agc: autoGainControl,
    denoiser: noiseSuppression,
  };
  if (!ROLES.some((role) => wanted[role])) {
    throw new RoomKitError("invalid_option", "webrtcAudioProcessing: nothing is asked for but a filter");
  }
  /** By the ids of their streams' sessions. */
  const sessions = new Map<string | undefined, Session>();
  const factory = (role: Role): StageFactory<EchoCanceller> => ({
    name: `${role}-webrtc`,
    open(format, context) {
      const id = context?.sessionId;
      let session = sessions.get(id);
      if (!session?.takes(role, format)) {
        session = opened(format, highPass);
        sessions.set(id, session);
      }
      return stage(session, role, () => {
        if (sessions.get(id) === session) sessions.delete(id);
      });
    },
  });
  return Object.fromEntries(ROLES.filter((role) => wanted[role]).map((role) => [role, factory(role)]));
}

/** Echo cancellation alone: `webrtcAudioProcessing().aec`. */
export function webrtcAec(): StageFactory<EchoCanceller> {
  return webrtcAudioProcessing().aec as StageFactory<EchoCanceller>;
}

function opened(format: AudioFormat, highPass: boolean): Session {
  const { sampleRate, channels } = format;
  if (channels !== 1 || sampleRate % 100 !== 0 || sampleRate < 8_000 || sampleRate > 48_000) throw unsupported(format);
  return new Session(loadFfi(), format, highPass);
}

function stage(session: Session, role: Role, whenEmpty: () => void): EchoCanceller {
  let open = true;
  session.join(role);
  return {
    process: (frame) => (open ? session.process(role, frame) : frame),
    flush: () => session.flush(role),
    reference(frame) {
      if (open && role === "aec") session.reference(frame);
    },
    reset() {
      if (open) session.reset();
    },
    close() {
      if (!open) return;
      open = false;
      if (!session.leave(role)) whenEmpty();
    },
  };
}
