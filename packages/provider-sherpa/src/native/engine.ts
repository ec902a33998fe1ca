import { RoomKitError } from "@roomkit/core";
import type { JobHandler } from "@roomkit/worker-pool";
import type { NativeOnlineStream, Sherpa } from "./sherpa.ts";

/** What a worker process is to be. */
export interface EngineData {
  readonly kind: "vad" | "offline" | "online" | "tts" | "embedding";
  /** As the library takes it. */
  readonly config: object;
}

/** A stretch of 16 kHz mono, -1 to 1. */
export interface AudioJob {
  readonly samples: Float32Array;
}

export interface RecognitionResult {
  readonly text: string;
  readonly language?: string | undefined;
}

/** The next audio of a stream, which the first one begins and the last one ends; `dropped` ends it without an answer. */
export interface OnlineJob extends AudioJob {
  readonly stream: number;
  readonly position: "first" | "next" | "last" | "only" | "dropped";
}

export interface OnlineResult {
  /** What has been said since the last `settled`. */
  readonly text: string;
  /** The recogniser heard a pause: `text` will not change, and the next one begins anew. */
  readonly settled: boolean;
}

export interface SpeechJob {
  readonly text: string;
  readonly speaker: number;
  readonly speed: number;
}

export interface SpeechResult {
  readonly samples: Float32Array;
  readonly sampleRate: number;
}

const RATE = 16_000;
/** A recogniser gives its last words only when it has heard some silence after them, in samples. */
const ONLINE_TAIL = 0.5 * RATE;

/**
 * Loads a model and returns the function that works with it. Runs in a worker process: the library may end it.
 *
 * @throws RoomKitError `model_invalid` when the library refuses the model instead.
 */
export function loadEngine(sherpa: Sherpa, data: EngineData): JobHandler<never, unknown> {
  try {
    return engineOf(sherpa, data);
  } catch (cause) {
    throw new RoomKitError("model_invalid", "sherpa-onnx refuses the model; its reason is in the error output", {
      cause,
    });
  }
}

function engineOf(sherpa: Sherpa, { kind, config }: EngineData): JobHandler<never, unknown> {
  if (kind === "offline") return offline(sherpa, config);
  if (kind === "online") return online(sherpa, config);
  if (kind === "tts") return tts(sherpa, config);
  if (kind === "embedding") return embedding(sherpa, config);
  const vad = new sherpa.Vad(config, 1);
  vad.acceptWaveform(new Float32Array(512));
  return () => true;
}

function offline(sherpa: Sherpa, config: object): JobHandler<AudioJob, RecognitionResult> {
  const recognizer = new sherpa.OfflineRecognizer(config);
  return async ({ samples }) => {
    const stream = recognizer.createStream();
    stream.acceptWaveform({ samples, sampleRate: RATE });
    const { text, lang } = await recognizer.decodeAsync(stream);
    // Some models write `<|en|>`.
    const language = lang?.replace(/[<|>]/g, "");
    return language ? { text: text.trim(), language } : { text: text.trim() };
  };
}

function online(sherpa: Sherpa, config: object): JobHandler<OnlineJob, OnlineResult> {
  const recognizer = new sherpa.OnlineRecognizer(config);
  const streams = new Map<number, NativeOnlineStream>();
  return ({ stream: id, position, samples }) => {
    if (position === "dropped") {
      streams.delete(id);
      return { text: "", settled: true };
    }
    if (position === "first" || position === "only") streams.set(id, recognizer.createStream());
    const stream = streams.get(id);
    if (!stream) {
      throw new RoomKitError("worker_crashed", "the process that knew this stream is gone", { retryable: true });
    }
    const ends = position === "last" || position === "only";
    stream.acceptWaveform({ samples, sampleRate: RATE });
    if (ends) {
      stream.acceptWaveform({ samples: new Float32Array(ONLINE_TAIL), sampleRate: RATE });
      stream.inputFinished();
    }
    while (recognizer.isReady(stream)) recognizer.decode(stream);
    const text = recognizer.getResult(stream).text.trim();
    const settled = ends || recognizer.isEndpoint(stream);
    if (ends) streams.delete(id);
    else if (settled) recognizer.reset(stream);
    return { text, settled };
  };
}

function tts(sherpa: Sherpa, config: object): JobHandler<SpeechJob, SpeechResult> {
  const voice = new sherpa.OfflineTts(config);
  return async ({ text, speaker, speed }, signal) => {
    if (speaker >= Math.max(1, voice.numSpeakers)) {
      throw new RoomKitError("unknown_voice", `the model has ${voice.numSpeakers} speakers`, { details: { speaker } });
    }
    const { samples, sampleRate } = await voice.generateAsync({
      text,
      sid: speaker,
      speed,
      enableExternalBuffer: false,
      onProgress: () => (signal.aborted ? 0 : 1),
    });
    signal.throwIfAborted();
    return { samples, sampleRate };
  };
}

function embedding(sherpa: Sherpa, config: object): JobHandler<AudioJob, Float32Array> {
  const extractor = new sherpa.SpeakerEmbeddingExtractor(config);
  return ({ samples }) => {
    const stream = extractor.createStream();
    stream.acceptWaveform({ samples, sampleRate: RATE });
    stream.inputFinished();
    if (!extractor.isReady(stream)) throw new RoomKitError("invalid_audio", "too little audio to know a voice by");
    return extractor.compute(stream, false);
  };
}
