import { abortedError, assertOptions, type SpeechPart, type TtsOptions, type TtsProvider } from "@roomkit/core";
import { framesOfBytes, OpenCalls, retryKinds } from "@roomkit/provider-utils";
import { checkModel } from "./check-model.ts";
import type { AiSdkSpeechModel } from "./models.ts";
import type { AiSdkVoiceOptions } from "./options.ts";
import { request } from "./request.ts";

/**
 * Any speech model of the AI SDK as a voice. The SDK has no streaming speech: each piece of text is one request, so that speech
 * begins after the first sentence, not after the whole answer.
 *
 * @throws RoomKitError `unsupported_model`.
 */
export function aiSdkTts(model: AiSdkSpeechModel, options: AiSdkVoiceOptions = {}): TtsProvider {
  assertOptions("aiSdkTts", options, {
    string: ["voice", "pcmFormat", "instructions"],
    number: ["sampleRate", "firstByteMs", "stallMs"],
    object: ["providerOptions", "clock", "logger"],
    members: { retry: retryKinds },
  });
  checkModel(model, "doGenerate");
  const name = `ai-sdk:${model.provider}`;
  const calls = new OpenCalls(name);
  const { sampleRate = 24_000, pcmFormat = "pcm", instructions, providerOptions } = options;

  /** The audio of one piece, whole: the SDK gives it no other way. */
  async function fetchPiece(
    text: string,
    { voice = options.voice, language, speed }: TtsOptions,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { audio } = await model.doGenerate({
      text,
      outputFormat: pcmFormat,
      abortSignal: signal,
      voice,
      language,
      speed,
      instructions,
      providerOptions,
    } as never);
    return typeof audio === "string" ? Buffer.from(audio, "base64") : audio;
  }

  async function* speech(
    text: AsyncIterable<string>,
    tts: TtsOptions,
    signal: AbortSignal,
  ): AsyncGenerator<SpeechPart, void, undefined> {
    let samples = 0;
    for await (const piece of text) {
      if (tts.signal.aborted) throw abortedError(tts.signal);
      const audio = await request((inner) => fetchPiece(piece, tts, inner), options, { provider: name, signal });
      yield { type: "segment", text: piece };
      for await (const frame of framesOfBytes(once(audio), { sampleRate, channels: 1 })) {
        if (signal.aborted) throw abortedError(signal);
        yield { type: "audio", frame: { ...frame, timestamp: (samples / sampleRate) * 1000 } };
        samples += frame.samples.length;
      }
    }
  }

  return {
    name,
    capabilities: { streamingInput: true, wordTimings: false, sampleRate },
    synthesize: (text, tts) => calls.stream(tts.signal, (signal) => speech(text, tts, signal)),
    close: async () => calls.close(),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
