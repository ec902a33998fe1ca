import type { AudioFrame, SttProvider, TranscriptPart } from "@roomkit/core";
import { OpenCalls, retry, wavSegments, withStreamTimeouts } from "@roomkit/provider-utils";
import { checkModel } from "./check-model.ts";
import { aiSdkError } from "./errors.ts";
import type { AiSdkTranscriptionModel } from "./models.ts";
import type { AiSdkRecogniserOptions } from "./options.ts";

type Transcription = Awaited<ReturnType<AiSdkTranscriptionModel["doGenerate"]>>;

/**
 * Any transcription model of the AI SDK as a recogniser: one request for each stretch of speech, when it has ended.
 *
 * @throws RoomKitError `unsupported_model`.
 */
export function aiSdkStt(model: AiSdkTranscriptionModel, options: AiSdkRecogniserOptions = {}): SttProvider {
  checkModel(model, "doGenerate");
  const name = `ai-sdk:${model.provider}`;
  const calls = new OpenCalls(name);
  const { clock, firstByteMs = 10_000, maxAudioMs = 60_000, providerOptions } = options;

  async function* request(wav: Uint8Array, signal: AbortSignal): AsyncGenerator<Transcription> {
    yield await model.doGenerate({
      audio: wav,
      mediaType: "audio/wav",
      abortSignal: signal,
      ...(providerOptions === undefined ? {} : { providerOptions }),
    } as never);
  }

  async function transcribe(wav: Uint8Array, signal: AbortSignal): Promise<Transcription> {
    const answers = withStreamTimeouts((inner) => request(wav, inner), {
      provider: name,
      signal,
      firstByteMs,
      stallMs: 0,
      clock,
      mapError: (error) => aiSdkError(error, { provider: name, clock }),
    });
    for await (const answered of answers) return answered;
    return { text: "" };
  }

  async function* transcript(
    audio: AsyncIterable<AudioFrame>,
    signal: AbortSignal,
  ): AsyncGenerator<TranscriptPart, void, undefined> {
    for await (const { wav } of wavSegments(audio, { maxMs: maxAudioMs, signal })) {
      const { text, language } = await retry(() => transcribe(wav, signal), { ...options.retry, signal, clock });
      if (text.trim() === "") continue;
      yield { type: "final", text: text.trim(), ...(language === undefined ? {} : { language }) };
    }
  }

  return {
    name,
    capabilities: { streaming: false, turnDetection: false, wordTimings: false },
    transcribe: (audio, { signal }) => calls.stream(signal, (inner) => transcript(audio, inner)),
    close: async () => calls.close(),
  };
}
