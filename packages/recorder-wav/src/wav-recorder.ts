import { type AudioFrame, type RecorderFactory, RoomKitError, randomId, systemClock } from "@roomkit/core";
import { defaultName, safeName } from "./files/names.ts";
import { resolveOptions, type WavRecorderOptions } from "./options.ts";
import { tracksOf } from "./wav/tracks.ts";
import { WavRecording } from "./wav-recording.ts";

/**
 * Records calls to WAV files of 16-bit PCM: for `audioPipeline({ recorder: wavRecorder({ storage: "./recordings" }) })`. What the
 * caller said and what they heard, on the call's clock, written beside the call; nothing of it before the hook
 * `ON_RECORDING_STARTED` has let it begin.
 *
 * `open` throws RoomKitError `unsupported_format` for anything but mono.
 *
 * @throws RoomKitError `invalid_option`.
 */
export function wavRecorder(options: WavRecorderOptions): RecorderFactory {
  const settings = resolveOptions(options);
  const { sampleRate } = settings;
  return {
    name: "recorder-wav",
    // What was heard, and when: what was only made says neither.
    outbound: "played",
    ...(sampleRate === undefined ? {} : { sampleRate }),
    open(format, context) {
      if (format.channels !== 1) throw new RoomKitError("unsupported_format", "each side of a recording is mono");
      const { sessionId = "session", clock = systemClock, report = () => {} } = context ?? {};
      const startedAt = clock.wallTime();
      const name = safeName((settings.name ?? defaultName)({ sessionId, startedAt }));
      const channels = [...new Set(tracksOf(settings.layout).flatMap((track) => track.channels))];
      const recording = new WavRecording({
        ...{ settings, sessionId, clock, report, sampleRate: format.sampleRate },
        info: { id: randomId("rec"), name, channels },
      });
      return {
        recording,
        inbound: (frame: AudioFrame, reached?: number) => recording.take("inbound", frame, reached),
        outbound: (frame: AudioFrame, at?: number) => recording.take("outbound", frame, at),
        notice: (notice) => recording.notice(notice),
        reset: () => recording.reset(),
        close: () => void recording.stop("closed"),
      };
    },
  };
}
