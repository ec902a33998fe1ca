import { RoomKitError } from "@roomkit/core";
import { requireModels } from "../native/model-files.ts";

/** A model that hears whole utterances. Every member is a path. */
export type OfflineModel =
  /** Moonshine v2 (`encoder`, `mergedDecoder`) or v1 (the other four). */
  | { readonly type: "moonshine"; readonly encoder: string; readonly mergedDecoder: string; readonly tokens: string }
  | {
      readonly type: "moonshine-v1";
      readonly preprocessor: string;
      readonly encoder: string;
      readonly uncachedDecoder: string;
      readonly cachedDecoder: string;
      readonly tokens: string;
    }
  | { readonly type: "whisper"; readonly encoder: string; readonly decoder: string; readonly tokens: string }
  | { readonly type: "sense-voice"; readonly model: string; readonly tokens: string }
  | {
      readonly type: "transducer";
      readonly encoder: string;
      readonly decoder: string;
      readonly joiner: string;
      readonly tokens: string;
    };

/** A model that hears audio as it comes. Every member is a path. */
export type StreamingModel =
  | {
      readonly type: "streaming-transducer";
      readonly encoder: string;
      readonly decoder: string;
      readonly joiner: string;
      readonly tokens: string;
    }
  | { readonly type: "streaming-zipformer-ctc"; readonly model: string; readonly tokens: string }
  | {
      readonly type: "streaming-paraformer";
      readonly encoder: string;
      readonly decoder: string;
      readonly tokens: string;
    };

/** How a recogniser is set up beyond its files. */
export interface RecognizerSettings {
  readonly threads: number;
  /** BCP 47 primary tag for models that hear several; empty: they find out. */
  readonly language: string;
  /** Silence that settles a piece of a streaming transcript, in ms. */
  readonly endpointMs: number;
}

/** The library's name for each type's part of its configuration. */
const PARTS: Readonly<Record<OfflineModel["type"] | StreamingModel["type"], string>> = {
  moonshine: "moonshine",
  "moonshine-v1": "moonshine",
  whisper: "whisper",
  "sense-voice": "senseVoice",
  transducer: "transducer",
  "streaming-transducer": "transducer",
  "streaming-zipformer-ctc": "zipformer2Ctc",
  "streaming-paraformer": "paraformer",
};

/** The members each type must have: everything but these is refused. */
const FILES: Readonly<Record<keyof typeof PARTS, readonly string[]>> = {
  moonshine: ["encoder", "mergedDecoder", "tokens"],
  "moonshine-v1": ["preprocessor", "encoder", "uncachedDecoder", "cachedDecoder", "tokens"],
  whisper: ["encoder", "decoder", "tokens"],
  "sense-voice": ["model", "tokens"],
  transducer: ["encoder", "decoder", "joiner", "tokens"],
  "streaming-transducer": ["encoder", "decoder", "joiner", "tokens"],
  "streaming-zipformer-ctc": ["model", "tokens"],
  "streaming-paraformer": ["encoder", "decoder", "tokens"],
};

export function isStreaming(model: OfflineModel | StreamingModel): model is StreamingModel {
  return model.type.startsWith("streaming-");
}

/** @throws RoomKitError `invalid_option` for a type there is not, `model_not_found`, `model_invalid` for its files. */
export function checkModel(model: OfflineModel | StreamingModel): void {
  const { type, ...files } = model;
  if (!Object.hasOwn(FILES, type)) {
    throw new RoomKitError("invalid_option", `model.type is one of ${Object.keys(FILES).join(", ")}`);
  }
  const given = files as Readonly<Record<string, string>>;
  // What is not given is not there either.
  requireModels(Object.fromEntries(FILES[type].map((name) => [`model.${name}`, given[name] ?? ""])));
}

/** The configuration as the library takes it. */
export function recognizerConfig(model: OfflineModel | StreamingModel, settings: RecognizerSettings): object {
  const { type, tokens, ...files } = model;
  const { threads, language, endpointMs } = settings;
  const spoken = language === "" ? {} : { language };
  const part =
    type === "whisper"
      ? { ...files, ...spoken, task: "transcribe", tailPaddings: -1 }
      : type === "sense-voice"
        ? { ...files, ...spoken, useInverseTextNormalization: 1 }
        : files;
  const common = {
    featConfig: { sampleRate: 16_000, featureDim: 80 },
    modelConfig: { [PARTS[type]]: part, tokens, numThreads: threads, provider: "cpu", debug: 0 },
  };
  if (!isStreaming(model)) return common;
  return {
    ...common,
    decodingMethod: "greedy_search",
    enableEndpoint: 1,
    // Without any word so far, after the words, and however long it lasts.
    rule1MinTrailingSilence: Math.max(2.4, endpointMs / 1000),
    rule2MinTrailingSilence: endpointMs / 1000,
    rule3MinUtteranceLength: 20,
  };
}
