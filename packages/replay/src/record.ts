import { AsyncLocalStorage } from "node:async_hooks";
import {
  type AIProvider,
  type AudioPipeline,
  assertOptions,
  type Clock,
  RoomKitError,
  type SttProvider,
  systemClock,
  type TtsProvider,
  type TurnDetector,
  type VoiceBackend,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { CallHeader } from "./entries.ts";
import { recordedCalls } from "./record-voice.ts";
import { RecordedConnection } from "./recorded-connection.ts";
import { recordedDetector } from "./recorded-detector.ts";
import { recordedPath } from "./recorded-path.ts";
import { recordedAI, recordedStt, recordedTts } from "./recorded-providers.ts";
import { settingsIn } from "./settings.ts";
import { CallWriter } from "./writer.ts";

/** What a voice channel, and the model that answers, stand on. */
export interface CallParts {
  readonly backend: VoiceBackend;
  readonly pipeline: AudioPipeline;
  readonly stt: SttProvider;
  readonly tts: TtsProvider;
  /** Absent: what the assistant's texts were is not in the file, and nothing is answered when it is run again. */
  readonly ai?: AIProvider | undefined;
  /** Its verdicts are in the file. */
  readonly turnDetector?: TurnDetector | undefined;
}

export interface RecordCallOptions {
  /** Is given each call's file when the call is over. What it throws is not heard of. */
  readonly onCall: (file: string, session: VoiceSession) => unknown;
  /** Whether the caller's audio is in the file, so that another pipeline or recogniser can be tried on it. Default false. */
  readonly audio?: boolean | undefined;
  /** Whether words are written down. Default as `audio`, which has them anyway. Without: placeholders of the same length stand for them, and keys are `0`. */
  readonly transcripts?: boolean | undefined;
  /** The channel's other options: their numbers, switches and choices stand in the file, and count when the call is run again. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Longest file, characters. Default 16 million: about two hours, or 6 min of audio at 16,000 Hz. What comes after is left out. */
  readonly maxChars?: number | undefined;
  /** Default the system's. */
  readonly clock?: Clock | undefined;
}

/** One call under way. */
interface RunningCall {
  readonly writer: CallWriter;
  readonly playback: CallHeader["playback"];
  header: CallHeader | undefined;
}

/**
 * The same parts, which write down what they do: put them into the channel and the model's place, and each call gives a file, which
 * {@link replayCall} runs again. What two calls do at once is told apart by what each step came from.
 *
 * @throws RoomKitError `invalid_option`
 */
export function recordCall<P extends CallParts>(parts: P, options: RecordCallOptions): P {
  assertOptions("recordCall", options, {
    required: ["onCall"],
    function: ["onCall"],
    boolean: ["audio", "transcripts"],
    object: ["settings", "clock"],
    within: { maxChars: [1_000, 268_435_456] },
  });
  const { onCall, audio = false, transcripts = audio, settings = {} } = options;
  const { maxChars = 16_000_000, clock = systemClock } = options;
  if (audio && !transcripts)
    throw new RoomKitError("invalid_option", "recordCall: audio has the words that `transcripts: false` leaves out");
  const calls = new Map<string, RunningCall>();
  const storage = new AsyncLocalStorage<RunningCall>();
  // Timers of a clock that is no system's have lost what they came from: with a single call that does not matter.
  const current = (): RunningCall | undefined =>
    storage.getStore() ?? (calls.size === 1 ? [...calls.values()][0] : undefined);

  /** The line of a session, written down from here on. */
  const record = (session: VoiceSession, inner: VoiceConnection): VoiceConnection => {
    const call: RunningCall = {
      writer: new CallWriter(clock, transcripts, maxChars),
      playback: inner.playback,
      header: undefined,
    };
    calls.set(session.id, call);
    const { writer } = call;
    inner.onPlayback(({ utterance, playedMs: ms, done }) => {
      const u = writer.known(utterance);
      if (u !== undefined) writer.add({ k: "played", u, ms, ...(done && { done }) });
    });
    inner.onClose(({ code }) => {
      writer.add({ k: "close", code });
      // What follows from it is written before the file is: the answer that is cut off, and how far it was heard.
      clock.setTimeout(() => finish(session, call), 1_000);
    });
    return new RecordedConnection(inner, writer, (work) => storage.run(call, work));
  };
  const finish = (session: VoiceSession, call: RunningCall): void => {
    calls.delete(session.id);
    if (!call.header) return;
    const file = call.writer.file(call.header);
    void Promise.resolve()
      .then(() => onCall(file, session))
      .catch(() => {});
  };

  const { backend, pipeline, stt, tts, ai, turnDetector } = parts;
  const recordedBackend = new Proxy(backend, {
    get(target, name) {
      if (name === "onSessionReady")
        return (listener: Parameters<VoiceBackend["onSessionReady"]>[0]) =>
          target.onSessionReady((session, connection) => {
            const recorded = record(session, connection);
            const call = calls.get(session.id) as RunningCall;
            storage.run(call, () => listener(session, recorded));
          });
      if (name === "accept")
        return async (...args: Parameters<VoiceBackend["accept"]>) => record(args[0], await target.accept(...args));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const recordedPipeline: AudioPipeline = {
    open(formats) {
      const call = calls.get(formats.sessionId);
      const stream = pipeline.open(formats);
      if (!call) return stream;
      call.header = {
        roomkit: "call",
        version: 2,
        inbound: formats.inbound,
        outbound: formats.outbound,
        internalRate: stream.internal.sampleRate,
        hasVad: stream.hasVad,
        playback: call.playback,
        transcripts,
        sttTakesTurns: stt.capabilities.turnDetection,
        wordTimings: tts.capabilities.wordTimings,
        audio,
        detector: turnDetector !== undefined,
        settings: settingsIn(settings, call.writer.maskSaid),
      };
      // What the call does from here on is its own, also where its client came first.
      storage.enterWith(call);
      return recordedPath(stream, call.writer, audio);
    },
  };
  recordedCalls.set(recordedBackend, {
    writer: (sessionId) => calls.get(sessionId)?.writer,
    inside: (sessionId, work) => {
      const call = calls.get(sessionId);
      return call ? storage.run(call, work) : work();
    },
  });
  const of = (): CallWriter | undefined => current()?.writer;
  return {
    ...parts,
    backend: recordedBackend,
    pipeline: recordedPipeline,
    stt: recordedStt(stt, of),
    tts: recordedTts(tts, of),
    ...(ai && { ai: recordedAI(ai, of) }),
    ...(turnDetector && { turnDetector: recordedDetector(turnDetector, of) }),
  };
}
