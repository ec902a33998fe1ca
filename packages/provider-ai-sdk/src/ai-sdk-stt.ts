import { type AudioFrame, assertOptions, type SttProvider, type TranscriptPart } from "@roomkit/core";
import { OpenCalls, retryKinds, wavSegments } from "@roomkit/provider-utils";
import { checkModel } from "./check-model.ts";
import type { AiSdkTranscriptionModel } from "./models.ts";
import type { AiSdkRecogniserOptions } from "./options.ts";
import { request } from "./request.ts";

type Transcription = Awaited<ReturnType<AiSdkTranscriptionModel["doGenerate"]>>;

/**
 * Any transcription model of the AI SDK as a recogniser: one request for each stretch of speech, when it has ended.
 *
 * @throws RoomKitError `unsupported_model`.
 */
export function aiSdkStt(model: AiSdkTranscriptionModel, options: AiSdkRecogniserOptions = {}): SttProvider {
  assertOptions("aiSdkStt", options, {
    number: ["maxAudioMs", "firstByteMs", "stallMs"],
    object: ["providerOptions", "clock", "logger"],
    members: { retry: retryKinds },
  });
  checkModel(model, "doGenerate");
  const name = `ai-sdk:${model.provider}`;
  const calls = new OpenCalls(name);
  const { maxAudioMs = 60_000, providerOptions } = options;

  async function* transcript(
    audio: AsyncIterable<AudioFrame>,
    signal: AbortSignal,
  ): AsyncGenerator<TranscriptPart, void, undefined> {
    for await (const { wav } of wavSegments(audio, { maxMs: maxAudioMs, signal })) {
      const { text, language } = await request((inner) => transcribe(wav, inner), options, { provider: name, signal });
      if (text.trim() === "") continue;
      yield { type: "final", text: text.trim(), language };
    }
  }

  async function transcribe(wav: Uint8Array, signal: AbortSignal): Promise<Transcription> {
    return model.doGenerate({
      audio: wav,
      mediaType: "audio/wav",
      abortSignal: signal,
      providerOptions,
    } as never);
  }

  return {
    name,
    capabilities: { streaming: false, turnDetection: false, wordTimings: false },
    transcribe: (audio, { signal }) => calls.stream(signal, (inner) => transcript(audio, inner)),
    close: async () => calls.close(),
  };
}
