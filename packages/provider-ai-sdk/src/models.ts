/**
 * The AI SDK's models by structure, for specification versions v2, v3 and v4 alike: only what is read here. No package of the SDK
 * is needed to use these types, and a model of any of its versions fits them.
 */

export interface AiSdkModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
}

/** A language model: what `openai("gpt-...")` gives. */
export interface AiSdkLanguageModel extends AiSdkModel {
  doStream(options: never): PromiseLike<{ readonly stream: ReadableStream<unknown> }>;
}

/** A speech model: what `openai.speech("tts-...")` gives. */
export interface AiSdkSpeechModel extends AiSdkModel {
  doGenerate(options: never): PromiseLike<{ readonly audio: string | Uint8Array }>;
}

/** A transcription model: what `openai.transcription("whisper-...")` gives. */
export interface AiSdkTranscriptionModel extends AiSdkModel {
  doGenerate(options: never): PromiseLike<{
    readonly text: string;
    readonly language?: string | undefined;
    readonly segments?:
      | readonly { readonly text: string; readonly startSecond: number; readonly endSecond: number }[]
      | undefined;
  }>;
}

type JsonRecord = Readonly<Record<string, unknown>>;

/** One part of a language model's stream, of any version. */
export type StreamPart =
  | { readonly type: "text-delta"; readonly id: string; readonly delta: string }
  | { readonly type: "reasoning-start"; readonly id: string; readonly providerMetadata?: JsonRecord | undefined }
  | {
      readonly type: "reasoning-delta";
      readonly id: string;
      readonly delta: string;
      readonly providerMetadata?: JsonRecord | undefined;
    }
  | { readonly type: "reasoning-end"; readonly id: string; readonly providerMetadata?: JsonRecord | undefined }
  | {
      readonly type: "tool-call";
      readonly toolCallId: string;
      readonly toolName: string;
      readonly input: string;
      readonly providerExecuted?: boolean | undefined;
      readonly providerMetadata?: JsonRecord | undefined;
    }
  | {
      readonly type: "finish";
      /** v2 a word; from v3 on an object. */
      readonly finishReason: string | { readonly unified: string; readonly raw?: string | undefined };
      readonly usage: {
        /** v2 a number; from v3 on an object. */
        readonly inputTokens?: TokenCount | undefined;
        readonly outputTokens?: TokenCount | undefined;
        readonly cachedInputTokens?: number | undefined;
      };
    }
  | { readonly type: "error"; readonly error: unknown }
  | { readonly type: "other" };

type TokenCount = number | { readonly total?: number | undefined; readonly cacheRead?: number | undefined } | undefined;
